// OwnerLock: one thread, the owner, takes it for a few instructions all the time; others take it rarely. The owner pays
// two plain stores and a load, the others a system call (barriers.hpp).
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "worker/process/barriers.hpp"

namespace troupe {

class OwnerLock {
 public:
  /// The owner's side. Not recursive; what happens inside must not block.
  class Owner {
   public:
    explicit Owner(OwnerLock& lock) : lock_(lock) {
      lock_.inside_.store(true, std::memory_order_relaxed);
      light_barrier();
      if (lock_.seized_.load(std::memory_order_acquire)) [[unlikely]] {
        lock_.wait_outside();
      }
    }
    ~Owner() { lock_.inside_.store(false, std::memory_order_release); }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

   private:
    OwnerLock& lock_;
  };

  /// Any other thread's side.
  class Other {
   public:
    explicit Other(OwnerLock& lock) : lock_(lock), others_(lock.others_) {
      lock_.seized_.store(true, std::memory_order_relaxed);
      heavy_barrier();
      while (lock_.inside_.load(std::memory_order_acquire)) {
        std::this_thread::yield();
      }
    }
    ~Other() { lock_.seized_.store(false, std::memory_order_release); }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;

   private:
    OwnerLock& lock_;
    std::lock_guard<std::mutex> others_;
  };

 private:
  [[gnu::noinline]] void wait_outside() {
    do {
      inside_.store(false, std::memory_order_release);
      while (seized_.load(std::memory_order_acquire)) {
        std::this_thread::yield();
      }
      inside_.store(true, std::memory_order_relaxed);
      light_barrier();
    } while (seized_.load(std::memory_order_acquire));
  }

  std::atomic<bool> inside_{false};
  std::atomic<bool> seized_{false};
  std::mutex others_;
};

}  // namespace troupe
