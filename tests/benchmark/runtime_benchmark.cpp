#include "tests/benchmark/runtime_benchmark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "tests/benchmark/program_run.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

/// A program that runs a kernel when given its name and size, and prints the seconds that it took.
struct Program {
  std::string name;
  std::vector<std::string> argv;
  std::optional<Spread> BenchmarkResult::*column = nullptr;  ///< Null: Troupe itself.
};

std::vector<std::string> with(std::vector<std::string> argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more);
  return argv;
}

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

Result<std::string> version(const Program& program) {
  return output_of(with(program.argv, {"version"}), round_time_max);
}

/// Millions of operations a second.
Result<double> measure(const Program& program, const Kernel& kernel) {
  const std::string_view name = program.column == nullptr ? kernel.name : kernel.name_at_peers();
  // A child has the unmeasured round and its own start beside the measured one.
  auto printed = output_of(with(program.argv, {std::string(name), std::to_string(kernel.size)}), 2 * round_time_max);
  if (!printed) {
    return printed.error();
  }
  double seconds = 0;
  const auto parsed = std::from_chars(printed->data(), printed->data() + printed->size(), seconds);
  if (parsed.ec != std::errc{} || seconds <= 0) {
    return Error{ErrorCode::internal,
                 fmt::format("{} {}: printed \"{}\" where seconds were expected", program.name, kernel.name, *printed)};
  }
  return static_cast<double>(kernel.size) / seconds / 1e6;
}

struct Measured {
  const Program* program = nullptr;
  std::vector<double> rates{};
  std::optional<Error> failed{};
};

/// Rounds in turn (A B C A B C ...), so that what else the machine does falls on all alike.
std::vector<Measured> measure_in_turn(const RuntimeBenchmark& benchmark, const Kernel& kernel,
                                      const std::vector<Program>& programs) {
  std::vector<Measured> all;
  for (const Program& program : programs) {
    all.push_back({&program});
  }
  for (int round = 0; round < benchmark.rounds; ++round) {
    for (Measured& one : all) {
      if (one.failed) {
        continue;
      }
      if (auto rate = measure(*one.program, kernel)) {
        one.rates.push_back(*rate);
      } else {
        one.failed = rate.error();
      }
    }
  }
  return all;
}

Result<BenchmarkResult> result_of(const RuntimeBenchmark& benchmark, const Kernel& kernel,
                                  std::vector<Measured> measured) {
  BenchmarkResult result;
  result.name = kernel.name;
  result.unit = "M/s";
  result.less_is_better = false;
  for (Measured& one : measured) {
    const auto column = one.program->column;
    if (one.failed && column == nullptr) {
      return *one.failed;
    }
    if (one.failed) {
      benchmark.warn(one.failed->message);
    } else if (column == nullptr) {
      result.troupe = spread(std::move(one.rates));
    } else {
      result.*column = spread(std::move(one.rates));
    }
  }
  return result;
}

/// Troupe and those of its peers that are installed.
std::vector<Program> installed_programs(const RuntimeBenchmark& benchmark) {
  std::vector<Program> installed{troupe_program(benchmark)};
  for (Program& peer : std::vector{erlang_program(benchmark), caf_program(benchmark)}) {
    if (auto answer = version(peer)) {
      installed.push_back(std::move(peer));
    } else {
      benchmark.warn(fmt::format("{} is left out: {}", peer.name, answer.error().message));
    }
  }
  return installed;
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
  const std::vector<Program> programs = installed_programs(benchmark);
  std::vector<BenchmarkResult> results;
  for (const Kernel& kernel : kernels()) {
    if (!wanted(benchmark, kernel)) {
      continue;
    }
    auto result = result_of(benchmark, kernel, measure_in_turn(benchmark, kernel, programs));
    if (!result) {
      return result.error();
    }
    benchmark.on_result(*result);
    results.push_back(std::move(*result));
  }
  return results;
}

}  // namespace troupe::benchmark
