// Messages and calls between two nodes: two of Troupe beside two of Erlang, in the clear and over TLS, in turn in one
// call.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/benchmark/programs_in_turn.hpp"

namespace troupe::benchmark {

struct NodesBenchmark {
  std::filesystem::path bin;     ///< Holds troupe-bench.
  std::filesystem::path erlang;  ///< Holds the compiled Erlang kernels.
  int rounds = 5;
  std::vector<std::string> only;  ///< Names of kernels; empty: all, and the floors.
  Warn warn;
  std::function<void(const BenchmarkResult&)> on_result;
};

/// Thousands of operations a second; each kernel in the clear and, named with "_tls", over TLS. Then the floors: what
/// one plain TCP connection between two threads does with the same bytes. Errors: a failure of Troupe's.
Result<void> run_nodes_benchmarks(const NodesBenchmark& benchmark);

}  // namespace troupe::benchmark
