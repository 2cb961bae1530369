// The scheduler seam: who runs which process next, on which thread, and when timers are due. One scheduler may serve
// several runtimes, as a simulated cluster does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace troupe {

struct Process;

/// Something with timers: a Runtime. It keeps them by the place of the thread that set them.
class TimerOwner {
 public:
  virtual ~TimerOwner() = default;
  /// Fires what is due at `now` of those set at `place`; returns when the next of them is.
  virtual std::optional<Instant> fire_timers(unsigned place, Instant now) = 0;
  [[nodiscard]] virtual std::optional<Instant> next_timer(unsigned place) const = 0;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// `process` has something to do and is in no run queue. Thread-safe.
  virtual void schedule(Process& process) = 0;
  /// Timers are kept in `places()` wheels, so that threads do not meet at one.
  [[nodiscard]] virtual unsigned places() const = 0;
  /// That of the calling thread.
  [[nodiscard]] virtual unsigned place() const = 0;
  /// A timer due before all others of its owner at this thread's place was set.
  virtual void timer_set(Instant due) = 0;
  virtual void attach(TimerOwner& owner) = 0;
  /// Returns when no thread of the scheduler is inside `owner` any more.
  virtual void detach(TimerOwner& owner) = 0;
  /// The running handler is about to block its thread: whatever waits behind it goes to another one.
  virtual void hand_over() = 0;
  /// Runs or waits until `done` holds; `done` is asked again after each `notify_waiters`. Not on a scheduler's thread.
  virtual void wait(const std::function<bool()>& done) = 0;
  virtual void notify_waiters() = 0;
  /// A number for each thread that grows with its turns and is odd within one: a turn that was under way when this was
  /// asked is over once its number has changed.
  [[nodiscard]] virtual std::vector<std::uint64_t> turns() const = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
};

/// Runs one turn of a process, of at most `messages_max` messages handled and sent, together: what schedulers call.
/// True when it wants another turn. `was_slow` becomes true when its messages took long.
bool run_turn(Process& process, std::uint32_t messages_max, bool& was_slow);

}  // namespace troupe
