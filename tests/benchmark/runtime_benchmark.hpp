// Troupe's runtime beside Erlang's and CAF's: the same kernels in three languages, measured in turn in one call.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/benchmark/result.hpp"

namespace troupe::benchmark {

struct RuntimeBenchmark {
  std::filesystem::path bin;     ///< Holds troupe-bench and, when CAF was found, troupe-bench-caf.
  std::filesystem::path erlang;  ///< Holds the compiled Erlang kernels.
  int rounds = 5;
  std::vector<std::string> only;  ///< Names of kernels; empty: all.
  std::function<void(const std::string&)> warn;
  std::function<void(const BenchmarkResult&)> on_result;  ///< As each kernel is done: all of them take minutes.
};

/// Versions, threads, turn budget, mailbox bounds: what the figures depend on, in one line.
[[nodiscard]] std::string runtime_settings(const RuntimeBenchmark& benchmark);

/// Millions of operations a second. Each round of each program is an OS process of its own, which measures the kernel
/// alone. A peer that is not installed or fails is absent from the result, with a warning; a failure of Troupe's is an
/// error.
Result<std::vector<BenchmarkResult>> run_runtime_benchmarks(const RuntimeBenchmark& benchmark);

}  // namespace troupe::benchmark
