// SpinLock: held for a few instructions, by threads that rarely meet. Works with std::lock_guard.
#pragma once

#include <atomic>
#include <thread>

namespace troupe {

class SpinLock {
 public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire)) {
      for (int turn = 0; held_.load(std::memory_order_relaxed); ++turn) {
        if (turn > 100) {
          std::this_thread::yield();  // Its holder may have lost the CPU.
        }
      }
    }
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace troupe
