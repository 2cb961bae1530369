// The clock seam: every part that waits or stamps asks a Clock, so that a whole cluster can run on virtual time.
#pragma once

#include <chrono>

namespace troupe {

using Duration = std::chrono::nanoseconds;
/// Time since an arbitrary start; never goes back. For timeouts, deadlines and intervals.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Time of day (UTC). Only for stamps that people or other programs read; never for timeouts.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

}  // namespace troupe
