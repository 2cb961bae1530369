#include "tests/differential/comparison.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "tests/differential/erlang_oracle.hpp"

namespace troupe::differential {
namespace {

/// The program without `count` steps from `first` on, counted over the ordered and then the free ones.
Program without(const Program& program, std::size_t first, std::size_t count) {
  Program smaller = program;
  smaller.ordered.clear();
  smaller.free.clear();
  const std::size_t ordered = program.ordered.size();
  for (std::size_t i = 0; i < ordered + program.free.size(); ++i) {
    const bool is_ordered = i < ordered;
    const Step& step = is_ordered ? program.ordered[i] : program.free[i - ordered];
    // What makes the outcome of free steps independent of who is faster has to stay.
    const bool needed = is_ordered && !program.free.empty() && step.instruction.is_tagged("trap_exit", 2);
    if (i < first || i >= first + count || needed) {
      (is_ordered ? smaller.ordered : smaller.free).push_back(step);
    }
  }
  return smaller;
}

std::size_t size(const Program& program) { return program.ordered.size() + program.free.size(); }

Settled where_they_differ(const Settled& one, const Settled& other) {
  Settled result;
  for (const auto& [key, events] : one) {
    const auto found = other.find(key);
    if (found == other.end() || found->second != events) {
      result[key] = events;
    }
  }
  return result;
}

std::string steps_text(const std::vector<Step>& steps, std::size_t number) {
  std::string lines;
  for (const Step& step : steps) {
    lines += "  " + std::to_string(number++) + ". " + step.process + ": " + step.instruction.text() + "\n";
  }
  return lines;
}

}  // namespace

std::string Difference::text() const {
  std::string free = program.free.empty() ? "" : "then, all at once:\n" + steps_text(program.free, 0);
  return "seed " + std::to_string(program.seed) + ", smallest program that still differs:\n" +
         steps_text(program.ordered, 1) + free + to_term(program).text() + ".\nonly on Erlang:\n" +
         differential::text(where_they_differ(erlang, troupe)) + "only on Troupe:\n" +
         differential::text(where_they_differ(troupe, erlang)) + "again: TROUPE_SEED=" + std::to_string(program.seed) +
         " differential_test";
}

std::optional<Difference> first_difference(const std::vector<Program>& programs, const RunOnTroupe& run) {
  const auto erlang = run_on_erlang(programs);
  check(erlang.ok(), erlang.ok() ? "" : erlang.error().message.c_str());
  for (std::size_t i = 0; i < programs.size(); ++i) {
    Difference difference{programs[i], settled((*erlang)[i]), settled(run(programs[i]))};
    if (difference.erlang != difference.troupe) {
      return difference;
    }
  }
  return std::nullopt;
}

Difference smallest(Difference difference, const RunOnTroupe& run) {
  for (std::size_t count = std::max<std::size_t>(size(difference.program) / 2, 1); count > 0;) {
    std::vector<Program> candidates;
    for (std::size_t first = 0; first < size(difference.program); first += count) {
      Program candidate = without(difference.program, first, count);
      if (size(candidate) < size(difference.program)) {
        candidates.push_back(std::move(candidate));
      }
    }
    if (auto smaller = first_difference(candidates, run)) {
      difference = std::move(*smaller);
    } else {
      count /= 2;
    }
  }
  return difference;
}

}  // namespace troupe::differential
