// Dynamic supervisor: any number of children of one kind, OTP's simple_one_for_one.
//
//   DynamicSupervisorSpec spec;
//   spec.start = process_template(abi::process_class<Session>, Term::map({}));
//   spec.restart = Restart::temporary;
//   start_dynamic_supervisor(runtime, std::move(spec), "sessions");
//   send_request("sessions", StartChild{Term::list({Term::map({{Term::atom("user"), Term::integer(7)}})})}, 5s);
//   1> supervisor:start_child({sessions, Node}, [#{user => 7}]).                          % {ok, Pid}
//
// Starts with no child; each StartChild (troupe/supervisor.hpp) makes one from the template and the request's
// arguments, which a restart uses again. Children are told apart by their pids alone: TerminateChild takes one;
// RestartChild and DeleteChild answer {error, simple_one_for_one}. A child that has ended and does not start again is
// forgotten. Restarts count together against the RestartIntensity (OTP's default: 1 in 5 s). When the supervisor ends,
// all children are told to stop at the same time and share one shutdown timeout. AutoShutdown: any_significant after
// the first child that does not start again, all_significant after the last.
//
// Where it differs from OTP: it does not block while a child that was terminated takes its time to end.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "base/result.hpp"
#include "worker/supervision/child_spec.hpp"

namespace troupe {

/// As ChildStart, with the arguments of the request: a list.
using ChildTemplate = std::function<Result<Pid, StartError>(Runtime&, const Term& arguments)>;

struct DynamicSupervisorSpec {
  ChildTemplate start;
  Restart restart = Restart::permanent;
  std::chrono::milliseconds shutdown_timeout = shutdown_timeout_default;
  ChildType type = ChildType::worker;
  bool significant = false;
  RestartIntensity intensity;
  AutoShutdown auto_shutdown = AutoShutdown::never;
  /// One more is refused with {error, max_children}. Elixir's DynamicSupervisor: as many as the node takes.
  std::uint32_t children_max = std::numeric_limits<std::uint32_t>::max();
};

/// Processes of `process_class`; `arguments` are the fields of its `Args`. A request's arguments are a list of maps
/// that are laid over them, the last one on top; anything else is {error, {bad_arguments, _}}.
ChildTemplate process_template(const troupe_process_class& process_class, Term arguments);

/// As start_supervisor. Error: {bad_start_spec, Reason of fault_of}.
Result<Pid, StartError> start_dynamic_supervisor(Runtime& runtime, DynamicSupervisorSpec spec,
                                                 const std::string& name = {});

/// A dynamic supervisor as the child of a supervisor.
ChildSpec dynamic_supervisor_child(std::string id, DynamicSupervisorSpec spec, std::string name = {});

}  // namespace troupe
