// The words of supervision, as OTP's supervisor module has them.
#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// Which siblings restart together with a failed child.
enum class Strategy { one_for_one, one_for_all, rest_for_one };

/// Whether a child that has ended starts again; `transient` only after another reason than normal, shutdown or
/// {shutdown, _}.
enum class Restart { permanent, transient, temporary };

/// On more than `restarts_max` restarts within `window` the supervisor stops its children and exits with `shutdown`.
/// OTP's default: 1 in 5 s.
struct RestartIntensity {
  std::uint32_t restarts_max = 1;
  std::chrono::milliseconds window{5'000};
};

/// Grace after the exit signal `shutdown`, then the child is killed. OTP's default for workers.
inline constexpr std::chrono::milliseconds shutdown_timeout_default{5'000};

}  // namespace troupe
