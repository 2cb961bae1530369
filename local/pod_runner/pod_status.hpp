// A pod's status as a kubelet writes it, from what the node knows of its containers. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "local/pod_runner/pod_spec.hpp"

namespace troupe::local {

struct ContainerState {
  enum class Phase { waiting, running, terminated };
  struct Ended {
    int exit_code = 0;
    int signal = 0;
    std::string reason;  ///< "Completed", "Error", "ContainerCannotRun".
    std::string message;
    WallTime started{};
    WallTime finished{};
  };
  Phase phase = Phase::waiting;
  std::string reason = "ContainerCreating";  ///< While waiting.
  std::string message;
  WallTime started{};
  bool startup_passed = false;
  bool ready = false;
  int restarts = 0;
  std::optional<Ended> last;  ///< How the latest instance ended.
  std::string id;             ///< "process://<pid>" of the latest instance.
};

/// What a pod's status is made of besides its spec.
struct PodObservation {
  std::string pod_ip;
  std::string host_ip;
  WallTime started{};
  std::vector<ContainerState> containers;  ///< As in the spec, same order.
  std::string refused;                     ///< Why the node will not run it; "" when it does.
};

/// Pending, Running, Succeeded or Failed.
[[nodiscard]] std::string pod_phase(const PodSpec& spec, const PodObservation& seen);

/// The whole status: conditions that a kubelet does not own (the worker's, PodScheduled) are taken over from `current`,
/// and transition times move only when a condition's status does.
[[nodiscard]] nlohmann::json build_pod_status(const PodSpec& spec, const PodObservation& seen,
                                              const nlohmann::json& current, WallTime now);

}  // namespace troupe::local
