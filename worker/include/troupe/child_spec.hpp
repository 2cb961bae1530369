// What a supervisor knows of a child before it starts it, for programs that bring their own supervisors: plain
// executables (troupe/run.hpp) and tests (troupe/test.hpp). An application module has none of this: there the resource
// says what its supervisor starts.
//
//   SupervisorSpec shop;
//   shop.strategy = Strategy::rest_for_one;
//   shop.children = {named_child<Store>("store", "/var/lib/shop"), process_child<Clerk>("clerk")};
//   SupervisorSpec root;
//   root.children = {supervisor_child("shop", shop), named_child<Till>("till")};
//
// Children start first to last and stop last to first, each with the exit signal `shutdown`, then after its timeout
// with `kill`. Source: the child specifications of stdlib/src/supervisor.erl, OTP 25.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "troupe/start.hpp"
#include "troupe/supervisor.hpp"

namespace troupe {

class Runtime;

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

/// A child that is a process of `process_class`, registered under `name` when that is not empty. `construct` makes the
/// state in the memory it is given and answers as troupe_spawn's does (troupe/abi.h).
ChildSpec process_child(std::string id, const troupe_process_class& process_class,
                        std::function<int(void* state)> construct, std::string name);

/// A child that is an S. Every start constructs it from copies of `arguments`.
template <class S, class... Arguments>
ChildSpec process_child(std::string id, Arguments... arguments) {
  return process_child(std::move(id), abi::process_class<S>, abi::constructor_of<S>(std::move(arguments)...), {});
}
/// The same, registered under its id.
template <class S, class... Arguments>
ChildSpec named_child(const std::string& id, Arguments... arguments) {
  return process_child(id, abi::process_class<S>, abi::constructor_of<S>(std::move(arguments)...), id);
}

/// A supervisor as the child of another; registered under `name` when that is not empty.
ChildSpec supervisor_child(std::string id, SupervisorSpec spec, std::string name = {});

}  // namespace troupe
