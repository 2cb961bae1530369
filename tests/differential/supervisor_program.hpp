// Random programs of supervisors and their children, with OTP's `supervisor` (supervisor_interpreter.erl) as the judge.
//
//   {Seed, Id, Supervisor, [{Id, [ok | error | ignore]}], [Step]}
//   Supervisor = {Strategy, RestartsMax, AutoShutdown, [Child]}
//   Child = {Id, Restart, Significant, brutal_kill | infinity | Milliseconds, plain | stubborn | Supervisor}
// Ids are c1, s1 for supervisors and d1 for those that are simple_one_for_one: they have one child, `template`, and
// their children the ids that start_child brings. A stubborn child traps exits and ignores them. The lists of ok, error
// and ignore are how the next starts of a child turn out; when one is used up they succeed. The restart window is
// longer than any program runs. Steps:
//   {quit, Id, Reason}        the child ends by itself
//   {exit, Id, Reason}        an exit signal from outside, which is the parent of the root
//   {starts, Id, [Outcome]}   how its next starts turn out
//   {call, Id, Request}       of the supervisor Id: {start_child, Child | [Id]}, {What, Id | {pid, Id}},
//   which_children,
//                             count_children
//   {at_once, Id, [Step]}     the supervisor Id is suspended meanwhile, so that it finds all of it in its mailbox
// Events, each with the number of its step: {start, Id, Outcome}, {ended, Supervisor, Id, Reason}, {reply, Reply |
// gone}, {start_error, Reason}, and at the end of each step {children, [{Id, which_children}]} and {alive, [Id]}. Where
// OTP shows a pid they have the id of its process.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "troupe/term.hpp"

namespace troupe::differential {

Term generate_supervisor_program(std::uint64_t seed);

/// What has to be the same, by steps. Starts, replies and what was left are in their order. The ends have an order for
/// each supervisor, whose own end is the last of them, but none beside the rest: another process sees them. They have
/// none at all where processes end side by side: the children of a simple_one_for_one and of a supervisor that was
/// killed, and in a step in which a start failed: when a supervisor does not come up, Troupe stops the children that it
/// had started after start_supervisor has returned.
struct Supervision {
  std::map<std::int64_t, std::vector<Term>> seen;
  std::map<std::int64_t, std::map<std::string, std::vector<std::string>>> ends;
  bool operator==(const Supervision&) const = default;
};
Supervision supervision(const std::vector<Term>& events);

/// On virtual time; the events are {Step, Event}.
std::vector<Term> run_supervisor_program(const Term& program);

}  // namespace troupe::differential
