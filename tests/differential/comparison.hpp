// Where Erlang and Troupe disagree about a program, and the smallest program about which they still do.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/differential/program.hpp"

namespace troupe::differential {

/// Runs a program on Troupe, in one way or another.
using RunOnTroupe = std::function<Trace(const Program&)>;

struct Difference {
  Program program;
  Settled erlang;
  Settled troupe;

  /// The program, both traces where they differ, and how to run it again.
  [[nodiscard]] std::string text() const;
};

/// The first of `programs` about which they disagree. Aborts when there is no Erlang to ask.
std::optional<Difference> first_difference(const std::vector<Program>& programs, const RunOnTroupe& run);

/// Leaves out steps for as long as they still disagree.
Difference smallest(Difference difference, const RunOnTroupe& run);

}  // namespace troupe::differential
