// Random programs of one supervisor and its children, with OTP's `supervisor` (supervisor_interpreter.erl) as the
// judge.
//
//   {Seed, Strategy, RestartsMax, [{Id, Restart, brutal_kill | Milliseconds, plain | stubborn}], [Failing], [Step]}
// A stubborn child traps exits and ignores them. Failing children fail at their first start. Steps: {quit, Id, Reason}
// (the child ends by itself), {failing, Id, Times} (its next starts fail), {stop}. The restart window is longer than
// any program runs. Events, each with its step: {started, Id}  {failed, Id}  {ended, Id | supervisor, Reason}
// {start_error, Reason} {children, [{Id, running | restarting | undefined}]}
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "troupe/term.hpp"

namespace troupe::differential {

Term generate_supervisor_program(std::uint64_t seed);

/// What the supervisor did in each step: the starts in their order, the ends in theirs, and what was left. Between
/// starts and ends there is no order: another process sees the ends.
struct Supervision {
  std::map<std::int64_t, std::vector<Term>> starts;
  std::map<std::int64_t, std::vector<Term>> ends;
  std::map<std::int64_t, std::vector<Term>> children;
  bool operator==(const Supervision&) const = default;
};
Supervision supervision(const std::vector<Term>& events);

/// On virtual time; the events are {Step, Event}.
std::vector<Term> run_supervisor_program(const Term& program);

}  // namespace troupe::differential
