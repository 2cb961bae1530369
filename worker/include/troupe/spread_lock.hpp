// A lock for what is read far more often than written: readers do not meet, since each thread counts itself in on a
// cache line of its own; a writer looks at all of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace troupe::abi {

inline std::atomic<unsigned> threads_numbered{0};
/// Of the calling thread, in this image.
inline unsigned thread_number() {
  thread_local const unsigned number = threads_numbered.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// Meets the standard's SharedMutex as far as std::shared_lock and std::unique_lock need it. Not recursive. Held for a
/// copy or an assignment, so those who find it taken spin, and give way after a while.
class SpreadLock {
 public:
  void lock_shared() {
    std::atomic<std::uint32_t>& mine = here();
    // A reader counts itself in, then looks for a writer; a writer says so, then looks for readers. In the one order of
    // these accesses at least one of the two sees the other.
    mine.fetch_add(1, std::memory_order_seq_cst);
    while (writing_.load(std::memory_order_seq_cst)) {
      mine.fetch_sub(1, std::memory_order_release);
      wait_until([&] { return !writing_.load(std::memory_order_relaxed); });
      mine.fetch_add(1, std::memory_order_seq_cst);
    }
  }
  void unlock_shared() { here().fetch_sub(1, std::memory_order_release); }

  void lock() {
    writers_.lock();
    writing_.store(true, std::memory_order_seq_cst);
    for (Reader& reader : readers_) {
      wait_until([&] { return reader.count.load(std::memory_order_seq_cst) == 0; });
    }
  }
  void unlock() {
    writing_.store(false, std::memory_order_seq_cst);
    writers_.unlock();
  }

 private:
  static constexpr std::size_t lines = 16;  ///< More threads than that share some.
  struct alignas(64) Reader {
    std::atomic<std::uint32_t> count{0};
  };

  std::atomic<std::uint32_t>& here() { return readers_[thread_number() % lines].count; }

  template <class Condition>
  static void wait_until(const Condition& holds) {
    for (unsigned tries = 0; !holds(); ++tries) {
      if (tries >= 64) {
        std::this_thread::yield();
      }
    }
  }

  std::array<Reader, lines> readers_;
  alignas(64) std::atomic<bool> writing_{false};
  std::mutex writers_;
};

}  // namespace troupe::abi
