// Random programs of one state machine, with OTP's `gen_statem` (statem_interpreter.erl) as the judge.
//
//   {Seed, StateEnter, [{Go, [Action]}], [{Go, [Action]}], [Step]}
// The machine has the states 0, 1, 2 and events of the types cast, call, internal, state_timeout, timeout (the event
// timeout), a and b (generic timeouts), each with content 0, 1 or 2. The first list has what it does for each state,
// type and content, in this order; the second for each state entered. Go: keep, repeat, or the next state. Actions:
// postpone, {reply, N}, {next_event, cast | internal, N}, {start, Timeout, Milliseconds, N}, {update, Timeout, N},
// {cancel, Timeout}. Steps: {cast, N}, {call, N}, {wait, Milliseconds}. After 40 callbacks it does nothing any more.
// Events: {enter, State, OldState}  {Type, State, N}; at the end {replies, [N | none]}
#pragma once

#include <cstdint>
#include <vector>

#include "troupe/term.hpp"

namespace troupe::differential {

Term generate_statem_program(std::uint64_t seed);

struct StatemRun {
  std::vector<Term> events;
  /// False when two timeouts, or a timeout and a step, come so close that Erlang's real time may turn them round; and
  /// when a timeout of zero that waits is started again with a time: OTP 25 then loses it, and an info event comes.
  bool comparable = true;
};
/// On virtual time.
StatemRun run_statem_program(const Term& program);

}  // namespace troupe::differential
