// The timers of one event loop: what is due, in order of deadline and, for equal deadlines, in the order they were set.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/event_loop.hpp"

namespace troupe::platform {

/// Thread-safe. No task runs or is destroyed while the lock is held.
class TimerQueue {
 public:
  using Task = std::function<void()>;
  struct Added {
    TimerId id;
    bool is_next;  ///< No other timer is due before it: whoever sleeps must wake earlier.
  };

  TimerQueue() = default;
  ~TimerQueue() { clear(); }
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  Added add(Instant deadline, Task task);
  void remove(TimerId id);
  /// Drops every timer, also those that dropped tasks set while they are destroyed.
  void clear();
  /// Takes the first task that is due at `now`, if any.
  std::optional<Task> take_due(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

 private:
  mutable std::mutex mutex_;
  TimerId last_id_ = 0;
  std::map<std::pair<Instant, TimerId>, Task> by_deadline_;
  std::unordered_map<TimerId, Instant> deadlines_;
};

}  // namespace troupe::platform
