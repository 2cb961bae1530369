#include "tests/benchmark/programs_in_turn.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "tests/benchmark/program_run.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

std::vector<std::string> with(std::vector<std::string> argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more);
  return argv;
}

/// Operations a second, in the task's unit.
Result<double> measure(const Program& program, const Task& task) {
  const std::string& name = program.column == nullptr ? task.name : task.name_at_peers;
  // A child has the unmeasured round and its own start beside the measured one.
  auto printed = output_of(with(program.argv, {name, std::to_string(task.size)}), 2 * round_time_max);
  if (!printed) {
    return printed.error();
  }
  double seconds = 0;
  const auto parsed = std::from_chars(printed->data(), printed->data() + printed->size(), seconds);
  if (parsed.ec != std::errc{} || seconds <= 0) {
    return Error{ErrorCode::internal,
                 fmt::format("{} {}: printed \"{}\" where seconds were expected", program.name, task.name, *printed)};
  }
  return static_cast<double>(task.size) / seconds / task.unit_operations;
}

struct Measured {
  const Program* program = nullptr;
  std::vector<double> rates{};
  std::optional<Error> failed{};
};

std::vector<Measured> run_rounds(const Task& task, const std::vector<Program>& programs, int rounds) {
  std::vector<Measured> all;
  for (const Program& program : programs) {
    all.push_back({&program});
  }
  for (int round = 0; round < rounds; ++round) {
    for (Measured& one : all) {
      if (one.failed) {
        continue;
      }
      if (auto rate = measure(*one.program, task)) {
        one.rates.push_back(*rate);
      } else {
        one.failed = rate.error();
      }
    }
  }
  return all;
}

}  // namespace

Result<std::string> version(const Program& program) {
  return output_of(with(program.argv, {"version"}), round_time_max);
}

std::vector<Program> installed(std::vector<Program> peers, const Warn& warn) {
  std::vector<Program> installed;
  for (Program& peer : peers) {
    if (auto answer = version(peer)) {
      installed.push_back(std::move(peer));
    } else {
      warn(fmt::format("{} is left out: {}", peer.name, answer.error().message));
    }
  }
  return installed;
}

Result<BenchmarkResult> measure_in_turn(const Task& task, const std::vector<Program>& programs, int rounds,
                                        const Warn& warn) {
  BenchmarkResult result;
  result.name = task.name;
  result.unit = task.unit;
  result.less_is_better = false;
  for (Measured& one : run_rounds(task, programs, rounds)) {
    const auto column = one.program->column;
    if (one.failed && column == nullptr) {
      return *one.failed;
    }
    if (one.failed) {
      warn(one.failed->message);
    } else if (column == nullptr) {
      result.troupe = spread(std::move(one.rates));
    } else {
      result.*column = spread(std::move(one.rates));
    }
  }
  return result;
}

}  // namespace troupe::benchmark
