// How long users wait for the operator: from apply to all joined, on the local default.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "tests/benchmark/result.hpp"

namespace troupe::benchmark {

/// `rounds` clusters of 3, one after the other; each is deleted before the next.
Result<std::vector<BenchmarkResult>> run_operator_benchmarks(const std::filesystem::path& bin,
                                                             const std::filesystem::path& image, int rounds);

}  // namespace troupe::benchmark
