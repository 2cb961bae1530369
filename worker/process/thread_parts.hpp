// What each thread has of one runtime for itself: counters and free slots, so that spawning and ending processes writes
// nothing that another thread's cores would have to fetch. Readers add the parts up.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

/// Written by one thread at a time, read by any.
class ThreadCounter {
 public:
  void add(std::uint64_t count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) ThreadPart {
  ThreadCounter spawned;
  ThreadCounter ended;
  ThreadCounter crashed;
  ThreadCounter ended_normal;
  ThreadCounter ended_shutdown;
  ThreadCounter ended_killed;
  ThreadCounter messages_handled;  ///< By processes that have ended.
  ThreadCounter messages_refused;
  ThreadCounter messages_dropped;
  ThreadCounter messages_not_understood;

  static constexpr std::uint32_t free_slots_max = 256;
  std::uint32_t free_slot_count = 0;
  std::array<std::uint32_t, free_slots_max> free_slots;
};

/// All methods are thread-safe.
class ThreadParts {
 public:
  ThreadParts();
  ThreadParts(const ThreadParts&) = delete;
  ThreadParts& operator=(const ThreadParts&) = delete;

  /// That of the calling thread, which keeps it until it ends or turns to another runtime.
  ThreadPart& here() {
    if (cached_.number == number_) [[likely]] {
      return *cached_.part;
    }
    return here_slowly();
  }
  [[nodiscard]] std::uint64_t sum(ThreadCounter ThreadPart::*counter) const;

 private:
  struct Store {
    std::mutex mutex;
    std::vector<std::unique_ptr<ThreadPart>> parts;
    std::vector<ThreadPart*> without_thread;
  };
  struct Cached {
    std::uint64_t number = 0;
    ThreadPart* part = nullptr;
  };
  class Holder;

  ThreadPart& here_slowly();

  static constinit thread_local Cached cached_;

  const std::uint64_t number_;  ///< Never that of another object, also when one comes to lie at the same address.
  std::shared_ptr<Store> store_ = std::make_shared<Store>();
};

}  // namespace troupe
