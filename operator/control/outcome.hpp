// How a reconcile ended, and when the key is due again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace troupe::control {

enum class RoundResult {
  success,  ///< Nothing more to do until something changes or `look_again_after` has passed.
  waiting,  ///< Nothing was decided: the cache does not show earlier writes yet. Its change makes the key due.
  retry,    ///< The cache was behind: again soon, and nobody is at fault.
  error,    ///< Again after the key's back-off.
};
/// "success", "waiting", "retry", "error": a metric label.
[[nodiscard]] std::string_view to_string(RoundResult result);

struct Outcome {
  RoundResult result = RoundResult::success;
  std::string error;  ///< For the log.
  std::optional<Duration> look_again_after;
};

/// The sooner of two times that may not be set.
[[nodiscard]] std::optional<Duration> sooner(std::optional<Duration> a, std::optional<Duration> b);

}  // namespace troupe::control
