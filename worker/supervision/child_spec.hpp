// What a supervisor knows of a child before it starts it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "troupe/supervisor.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Starts a child, linked to the calling process, which is its supervisor. Runs at the first start and at every
/// restart, as the supervisor; must not block. A pid that is not valid means OTP's `ignore`: nothing runs, and that is
/// no error. What it throws is a failed start.
using ChildStart = std::function<Result<Pid, StartError>(Runtime&)>;

struct ChildSpec {
  std::string id;  ///< Unique within its supervisor; an atom to others, so at most 255 characters.
  ChildStart start;
  Restart restart = Restart::permanent;
  std::chrono::milliseconds shutdown_timeout = shutdown_timeout_default;
  ChildType type = ChildType::worker;
  /// Counts for the supervisor's AutoShutdown. Not with `permanent`, and not where AutoShutdown is `never`.
  bool significant = false;
};

struct SupervisorSpec {
  Strategy strategy = Strategy::one_for_one;
  RestartIntensity intensity;
  std::vector<ChildSpec> children;  ///< In start order.
  /// Told of every restart, inside the supervisor's process: for metrics.
  std::function<void(std::string_view child, const Term& reason)> on_restart;
  AutoShutdown auto_shutdown = AutoShutdown::never;
};

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
