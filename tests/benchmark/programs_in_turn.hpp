// The same work asked of Troupe's program and its peers', in turn, so that what else the machine does falls on all
// alike.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/benchmark/result.hpp"

namespace troupe::benchmark {

/// A program that does a task when given its name and size, and prints the seconds that it took.
struct Program {
  std::string name;
  std::vector<std::string> argv;
  std::optional<Spread> BenchmarkResult::*column = nullptr;  ///< Null: Troupe itself.
};

struct Task {
  std::string name;
  std::string name_at_peers;
  std::uint64_t size = 0;  ///< Operations.
  std::string unit = "M/s";
  double unit_operations = 1e6;
};

using Warn = std::function<void(const std::string&)>;

/// What `program` says when asked for its version. Errors: those of output_of.
Result<std::string> version(const Program& program);

/// Those of `peers` that answer with a version; the others are warned of.
[[nodiscard]] std::vector<Program> installed(std::vector<Program> peers, const Warn& warn);

/// Operations a second, each round of each program an OS process of its own (A B C A B C ...). A peer that fails is
/// absent from the result, with a warning; a failure of Troupe's is an error.
Result<BenchmarkResult> measure_in_turn(const Task& task, const std::vector<Program>& programs, int rounds,
                                        const Warn& warn);

}  // namespace troupe::benchmark
