// The two conditions that a worker writes of its own pod. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace troupe::node {

/// How one application fares on this worker.
struct ApplicationReport {
  std::string name;
  std::string version;
  bool ready = false;
  std::string reason;   ///< CamelCase, "" when ready: "ModuleNotFound", "StartFailed", "RestartIntensityExceeded", ...
  std::string message;  ///< For people, "" when ready.

  bool operator==(const ApplicationReport&) const = default;
};

struct WorkerReport {
  bool joined = false;
  std::string joined_reason;   ///< "AllPeersConnected" or "PeersMissing".
  std::string joined_message;  ///< Which are missing.
  std::vector<ApplicationReport> applications;

  bool operator==(const WorkerReport&) const = default;
};

/// The message of the condition troupe.dev/Applications; messages are cut, then applications counted instead of named,
/// to stay within pod_contract::applications_message_bytes_max.
[[nodiscard]] std::string applications_message(const std::vector<ApplicationReport>& applications);

/// `conditions` (of the pod's status) with ours replaced or added; times change only with a condition's status.
[[nodiscard]] nlohmann::json with_worker_conditions(const nlohmann::json& conditions, const WorkerReport& report,
                                                    WallTime now);

}  // namespace troupe::node
