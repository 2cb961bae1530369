// Supervisor: an ordinary process that keeps its children alive by restarting them, as OTP's supervisor does.
//
// Starts its children first to last and stops them last to first. A child that ends and has to start again brings its
// siblings along as the strategy says. Too many restarts within the window: it stops all children and exits with
// `shutdown`, so that its own supervisor acts. A failing start counts as a restart and is tried again.
// Answers OTP's calls `which_children` and `count_children`, and `restart_counts` with #{Id => Count}.
#pragma once

#include <string>

#include "base/result.hpp"
#include "worker/process/runtime.hpp"
#include "worker/supervision/child_spec.hpp"

namespace troupe {

/// From any thread, or inside a process, to which the supervisor is then linked and which is its parent. Registered
/// under `name` when that is not empty. When a child fails to start, those already up are stopped again (that goes on
/// after this has returned) and the error is {shutdown, {failed_to_start_child, Id, Reason}}.
/// Ids must be unique: {bad_child_specs, {duplicate_child_id, Id}}.
///
/// It ends with the exit signal of its parent; one that was started outside any process, with `Runtime::exit`.
Result<Pid, StartError> start_supervisor(Runtime& runtime, SupervisorSpec spec, const std::string& name = {});

/// A supervisor as the child of another.
ChildSpec supervisor_child(std::string id, SupervisorSpec spec, std::string name = {});

}  // namespace troupe
