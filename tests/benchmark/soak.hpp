// All kernels over and over on one runtime: is its memory as large after an hour as after a minute?
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace troupe::benchmark {

/// Runs laps through all kernels at full size until `length` has passed, at least three. `say` is given a line for each
/// lap: seconds since the start, operations, resident memory. Errors: those of run_kernel; `internal` when a lap ends
/// with more than a tenth and 16 MiB above the largest of the first fifth of the time (at least two laps), or with
/// processes or timers left over.
Result<void> soak(std::chrono::seconds length, const std::function<void(const std::string&)>& say);

}  // namespace troupe::benchmark
