// What two threads do over one plain TCP connection on the loopback interface: the floor below which no protocol comes.
#pragma once

#include <vector>

#include "tests/benchmark/result.hpp"

namespace troupe::benchmark {

/// Thousands a second: blocks of 64 KiB one way (`tcp_64KiB`), and 16 bytes there and back (`tcp_round_trips`). Nothing
/// but read and write; the process must have two descriptors to spare.
[[nodiscard]] std::vector<BenchmarkResult> tcp_floors(int rounds);

}  // namespace troupe::benchmark
