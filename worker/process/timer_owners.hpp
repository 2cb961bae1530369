// The runtimes that one scheduler serves: whose timers it fires. Thread-safe.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "worker/process/scheduler.hpp"

namespace troupe {

class TimerOwners {
 public:
  void attach(TimerOwner& owner) {
    const std::unique_lock lock(mutex_);
    owners_.push_back(&owner);
  }
  /// Returns when nobody is inside `owner` through this list any more.
  void detach(TimerOwner& owner) {
    const std::unique_lock lock(mutex_);
    std::erase(owners_, &owner);
  }
  /// Returns when the next is due; Instant::max() when none is set.
  Instant fire(unsigned place, Instant now) {
    return earliest([&](TimerOwner& owner) { return owner.fire_timers(place, now); });
  }
  [[nodiscard]] Instant next(unsigned place) const {
    return earliest([&](TimerOwner& owner) { return owner.next_timer(place); });
  }
  /// Calls `use` while `owner` cannot go; not at all when it has gone.
  template <class Use>
  void with(const TimerOwner* owner, Use use) const {
    const std::shared_lock lock(mutex_);
    if (std::find(owners_.begin(), owners_.end(), owner) != owners_.end()) {
      use();
    }
  }

 private:
  template <class Ask>
  Instant earliest(Ask ask) const {
    Instant earliest = Instant::max();
    const std::shared_lock lock(mutex_);
    for (TimerOwner* const owner : owners_) {
      earliest = std::min(earliest, ask(*owner).value_or(Instant::max()));
    }
    return earliest;
  }

  mutable std::shared_mutex mutex_;
  std::vector<TimerOwner*> owners_;
};

}  // namespace troupe
