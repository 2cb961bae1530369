#include "tests/benchmark/runtime_benchmark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/benchmark/programs_in_turn.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

Program troupe_program(const RuntimeBenchmark& benchmark) {
  return {"Troupe", {(benchmark.bin / "troupe-bench").string(), "kernel"}};
}

Program erlang_program(const RuntimeBenchmark& benchmark) {
  const std::string threads = std::to_string(scheduler_threads());
  // +P: skynet alone has more processes alive than Erlang's default limit.
  return {"Erlang",
          {"erl", "+S", threads + ":" + threads, "+P", "4000000", "-noshell", "-pa", benchmark.erlang.string(), "-run",
           "bench", "main"},
          &BenchmarkResult::erlang};
}

Program caf_program(const RuntimeBenchmark& benchmark) {
  return {"CAF",
          {(benchmark.bin / "troupe-bench-caf").string(), std::to_string(scheduler_threads())},
          &BenchmarkResult::caf};
}

/// Troupe and those of its peers that are installed.
std::vector<Program> programs_of(const RuntimeBenchmark& benchmark) {
  std::vector<Program> programs{troupe_program(benchmark)};
  for (Program& peer : installed({erlang_program(benchmark), caf_program(benchmark)}, benchmark.warn)) {
    programs.push_back(std::move(peer));
  }
  return programs;
}

bool wanted(const RuntimeBenchmark& benchmark, const Kernel& kernel) {
  return benchmark.only.empty() ||
         std::find(benchmark.only.begin(), benchmark.only.end(), kernel.name) != benchmark.only.end();
}

}  // namespace

std::string runtime_settings(const RuntimeBenchmark& benchmark) {
  const auto erlang = version(erlang_program(benchmark));
  const auto caf = version(caf_program(benchmark));
  return fmt::format("{}; g++ {}; Erlang/OTP {}; CAF {}; {} rounds", settings_text(), __VERSION__,
                     erlang ? *erlang : "absent", caf ? *caf : "absent", benchmark.rounds);
}

Result<std::vector<BenchmarkResult>> run_runtime_benchmarks(const RuntimeBenchmark& benchmark) {
  const std::vector<Program> programs = programs_of(benchmark);
  std::vector<BenchmarkResult> results;
  for (const Kernel& kernel : kernels()) {
    if (!wanted(benchmark, kernel)) {
      continue;
    }
    const Task task{std::string(kernel.name), std::string(kernel.name_at_peers()), kernel.size};
    auto result = measure_in_turn(task, programs, benchmark.rounds, benchmark.warn);
    if (!result) {
      return result.error();
    }
    benchmark.on_result(*result);
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace troupe::benchmark
