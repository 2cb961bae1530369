// What supervisors make of child specifications (troupe/child_spec.hpp).
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "troupe/child_spec.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Why OTP would refuse this specification, in its terms: {invalid_child_id, _}, {invalid_mfa, undefined} without a
/// start function, {bad_combination, [...]} for a significant child where it cannot be one. Nothing when it is good.
std::optional<Term> fault_of(const ChildSpec& spec, AutoShutdown auto_shutdown);

/// Calls `start`; an exception becomes the StartError that a throwing constructor gives.
Result<Pid, StartError> start_guarded(const ChildStart& start, Runtime& runtime);

/// A child that is a process of `process_class`, started with `arguments` (a map for its `Args`) and registered under
/// `name` when that is not empty.
ChildSpec process_child(std::string id, const troupe_process_class& process_class, Term arguments, std::string name);

/// A child that is a supervisor, which `start` starts: it may take as long as its own children need to end.
ChildSpec supervisor_child(std::string id, ChildStart start);

}  // namespace troupe
