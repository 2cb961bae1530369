// What a supervisor does when a child has ended: which children stop and start, in which order, and when it gives up.
// Pure; follows OTP's stdlib/src/supervisor.erl (restart/3, add_restart/3).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "troupe/supervisor.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// One child as far as plans need it, in start order.
struct ChildState {
  Restart restart = Restart::permanent;
  bool running = false;
  bool restarting = false;  ///< Its start failed and is tried again.
  bool significant = false;
};

/// Children by index: first all of `stop`, one after the other, then all of `start`.
struct RestartPlan {
  std::vector<std::size_t> stop;   ///< Last started first.
  std::vector<std::size_t> start;  ///< First started first.
  bool operator==(const RestartPlan&) const = default;
};

/// Whether a child that ended with `reason` starts again.
bool starts_again(Restart restart, const Term& reason);

/// `failed` has ended and starts again; siblings join it as the strategy says. Temporary siblings that stop do not
/// start again.
RestartPlan plan_restart(Strategy strategy, const std::vector<ChildState>& children, std::size_t failed);

/// Everything that runs, last started first.
RestartPlan plan_shutdown(const std::vector<ChildState>& children);

/// Whether the supervisor follows a child that has `ended` of itself and does not start again; `others` are the
/// children that it still knows, with or without `ended`.
bool shuts_down(AutoShutdown auto_shutdown, const ChildState& ended, const std::vector<ChildState>& others);

/// The restarts of the last `window`.
class RestartWindow {
 public:
  explicit RestartWindow(RestartIntensity intensity) : intensity_(intensity) {}
  /// Counts one restart at `now`. False when it is one too many.
  bool add(Instant now);

 private:
  RestartIntensity intensity_;
  std::deque<Instant> restarts_;
};

}  // namespace troupe
