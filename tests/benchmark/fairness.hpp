// How others are served while handlers do not return.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"

namespace troupe::benchmark {

/// One process for each core computes without end; meanwhile one calls another, one call at a time, for two seconds and
/// at least a thousand times. `say` is given how long the calls took, the first with the hand-overs included. Errors:
/// `internal` when the 99th percentile is over 20 ms without a CPU quota; `timeout` after two minutes.
Result<void> fairness(const std::function<void(const std::string&)>& say);

}  // namespace troupe::benchmark
