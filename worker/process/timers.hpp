// The timers of a runtime: a wheel for each place, so that threads which set and cancel their own do not meet.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "worker/process/spin_lock.hpp"
#include "worker/process/timer_wheel.hpp"

namespace troupe {

/// All methods are thread-safe; a place is a number below `places`.
class Timers {
 public:
  /// At each place at most `timers_max`.
  explicit Timers(unsigned places, std::uint32_t timers_max = TimerWheel::timers_max);
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  struct Added {
    TimerId id = 0;  ///< 0: there are as many as may be at this place already; the timer is dropped.
    /// Set when the place has something to do before all that it had: then.
    std::optional<Instant> earlier;
  };
  Added add(unsigned place, Instant due, Timer&& timer);
  /// True when it had not fired. From any thread, whatever the place.
  bool cancel(TimerId timer);
  /// Removes those that are due, earliest first, equal ones in the order of `add`; of very many some, and next_due() is
  /// then not after `now`. None has the number 0.
  std::vector<TimerWheel::Fired> take_due(unsigned place, Instant now);
  /// Messages whose type is of `image` become terms.
  void turn_into_terms(const void* image);
  /// Nothing is to be done at this place before.
  [[nodiscard]] std::optional<Instant> next_due(unsigned place) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Place {
    explicit Place(std::uint32_t timers_max) : wheel(timers_max) {}

    mutable SpinLock lock;
    TimerWheel wheel;
    Instant next_event = Instant::max();  ///< No timer is due before.
  };

  Place& made(unsigned place);
  [[nodiscard]] Place* known(unsigned place) const { return wheels_[place].load(std::memory_order_acquire); }

  const unsigned places_;
  const std::uint32_t timers_max_;
  std::unique_ptr<std::atomic<Place*>[]> wheels_;  ///< Made when first needed.
  std::mutex making_;
};

}  // namespace troupe
