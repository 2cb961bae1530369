// A random program of processes, as data that Erlang (interpreter.erl) and Troupe (interpreter.hpp) both run, and what
// its processes saw. Everything is an Erlang term, so a program can be printed, cut down and run again by hand.
//
// Processes are called p0, p1, ..., registered names n0, ..., monitors m0, ..., calls are numbers. Instructions:
//   {spawn, P}  {spawn_link, P}  {spawn_monitor, P, M}  {link, P}  {unlink, P}  {monitor, P, M}  {demonitor, M} (with
//   flush)  {trap_exit, Bool}  {exit, Reason}  {exit, P, Reason}  {send, P, [Value]}  {register, P, N}
//   {unregister, N}  {whereis, N}  {send_name, N, Value}  {monitor_name, N, M}  {call, P, Number, at_once | later}
//   {answer, Number, Value}  {ticks, [{Milliseconds, Label}]}
// Events: {message, From, Value}  {exit, From, Reason}  {down, P | N, M, Reason}  {called, From, Number}
//   {answer, Number, Value}  {no_answer, Number, Reason}  {tick, Label}  {sent, N, Bool}  {registered, N, Bool}
//   {unregistered, N, Bool}  {whereis, N, P | undefined}  {ended, Reason}  {final, [Linked], [MonitoredBy]}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "troupe/term.hpp"

namespace troupe::differential {

struct Step {
  std::string process;  ///< Who does it.
  Term instruction;
};

struct Program {
  std::uint64_t seed = 0;
  std::vector<std::string> roots;  ///< Spawned before the first step, by nobody.
  std::vector<Step> ordered;       ///< Each starts when all that the one before has caused is over.
  std::vector<Step> free;          ///< After those, all at once: in order only within one process.
};

/// {Seed, Roots, Ordered, Free}
Term to_term(const Program& program);

struct Event {
  std::size_t step = 0;  ///< 1 for the first ordered one, one more for all free ones, one more for the final state.
  std::string process;
  Term what;
};
using Trace = std::vector<Event>;

/// A trace without what Erlang leaves open: by process and step, the events of one sender in their order, and senders
/// in the order of their names. The exit signal and the `DOWN`s of one end have no order; and what a process saw in the
/// step in which it ended depends on who was faster.
using Settled = std::map<std::pair<std::string, std::size_t>, std::vector<Term>>;
Settled settled(const Trace& trace);

std::string text(const Settled& trace);

}  // namespace troupe::differential
