// Supervisor: an ordinary process that keeps its children alive by restarting them, as OTP's supervisor does.
//
//   SupervisorSpec spec;
//   spec.strategy = Strategy::rest_for_one;
//   spec.children = {process_child("store", abi::process_class<Store>, Term::map({}), "store")};
//   auto supervisor = start_supervisor(runtime, std::move(spec), "shop.supervisor");
//
// Starts: first child to last. Stops: last to first, each with the exit signal `shutdown`, then after its timeout with
// `kill` (OTP's default: 5 s; shutdown_brutal_kill kills at once, shutdown_infinity waits).
// A child that has ended starts again as its Restart says and brings its siblings along as the Strategy says. More
// restarts than the RestartIntensity allows (OTP's default: 1 in 5 s): it stops all children and exits with `shutdown`,
// so that its own supervisor acts. A start that fails counts as a restart and is tried again after whatever waits in
// the mailbox. A significant child takes it down as AutoShutdown says (default: never).
//
// Children are added with start_child and changed with the requests of troupe/supervisor.hpp, from C++ and Erlang
// alike; it answers `restart_counts` with #{Id => Count} too. Many children of one kind: dynamic_supervisor.hpp.
//
// Where it differs from OTP: it does not block while a child takes its time to end. Questions are answered at once, an
// exit of its parent is obeyed at once, and at most 4096 requests wait, then {error, system_limit}; and a start that
// fails is answered with {error, Reason} without the child's specification.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "troupe/local.hpp"
#include "worker/process/runtime.hpp"
#include "worker/supervision/child_spec.hpp"

namespace troupe {

/// From any thread, or inside a process, to which the supervisor is then linked and which is its parent. Registered
/// under `name` when that is not empty. When a child fails to start, those already up are stopped again (that goes on
/// after this has returned) and the error is {shutdown, {failed_to_start_child, Id, Reason}}.
/// Specifications must be good: {bad_child_specs, {duplicate_child_id, Id}} or what fault_of says.
///
/// It ends with the exit signal of its parent; one that was started outside any process, with `Runtime::exit`.
Result<Pid, StartError> start_supervisor(Runtime& runtime, SupervisorSpec spec, const std::string& name = {});

/// For processes: send_request(supervisor, AddChild{Local(spec)}, timeout), answered as supervisor:start_child/2 is:
/// {ok, Pid}, {ok, undefined} for a start that ignored, {error, already_present}, {error, {already_started, Pid}} or
/// {error, Reason of the start or of fault_of}. Only supervisors of this node understand it.
struct AddChild {
  using Reply = Term;
  Local<ChildSpec> spec;
};

/// For threads that are no processes: blocks. The child is started as the last. Errors: the reasons above; `timeout`,
/// `noproc`, or the reason with which the supervisor ended.
Result<Pid, StartError> start_child(Runtime& runtime, const Destination& supervisor, ChildSpec spec, Duration timeout);

}  // namespace troupe
