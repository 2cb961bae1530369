// What a supervisor knows of a child before it starts it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "troupe/supervisor.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

enum class ChildType { worker, supervisor };

/// Starts a child, linked to the calling process, which is its supervisor. Runs at the first start and at every
/// restart, as the supervisor; must not block.
using StartChild = std::function<Result<Pid, StartError>(Runtime&)>;

struct ChildSpec {
  std::string id;  ///< Unique within its supervisor.
  StartChild start;
  Restart restart = Restart::permanent;
  /// Zero kills at once (OTP's brutal_kill). `shutdown_infinity` waits for ever, right for supervisors.
  std::chrono::milliseconds shutdown_timeout = shutdown_timeout_default;
  ChildType type = ChildType::worker;
};

inline constexpr std::chrono::milliseconds shutdown_infinity = std::chrono::milliseconds::max();

struct SupervisorSpec {
  Strategy strategy = Strategy::one_for_one;
  RestartIntensity intensity;
  std::vector<ChildSpec> children;  ///< In start order.
  /// Told of every restart, inside the supervisor's process: for metrics.
  std::function<void(std::string_view child, const Term& reason)> on_restart;
};

/// A child that is a process of `process_class`, started with `arguments` (a map for its `Args`) and registered under
/// `name` when that is not empty.
ChildSpec process_child(std::string id, const troupe_process_class& process_class, Term arguments, std::string name);

}  // namespace troupe
