// Timers of a runtime: what is to be sent to whom, and when. A plain structure; a Scheduler says when time has passed.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/event_loop.hpp"
#include "worker/process/envelope.hpp"

namespace troupe {

struct Timer {
  Pid to;
  std::string name;  ///< When not empty: whoever has the name then, on `node`.
  NodeIndex node = 0;
  EnvelopePtr signal;
};

/// All methods are thread-safe.
class Timers {
 public:
  /// `first` tells that it is due before all others. The timer's number is also written to `number`, before it can
  /// fire.
  TimerId add(Instant due, Timer timer, bool& first, std::uint64_t* number = nullptr);
  /// True when it had not fired.
  bool cancel(TimerId timer);
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Removes and returns those that are due, earliest first, equal ones in the order of `add`.
  std::vector<Timer> take_due(Instant now);
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  TimerId last_id_ = 0;
  std::map<std::pair<Instant, TimerId>, Timer> due_;
  std::unordered_map<TimerId, Instant> by_id_;
};

}  // namespace troupe
