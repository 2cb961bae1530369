// Pods: defaults, validation and what may change after creation. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "local/api/status_error.hpp"

namespace troupe::local {

void apply_pod_defaults(nlohmann::json& pod);
/// phase Pending and the QoS class.
[[nodiscard]] nlohmann::json first_pod_status(const nlohmann::json& pod);
[[nodiscard]] std::vector<StatusCause> validate_pod(const nlohmann::json& pod);
/// Only images, activeDeadlineSeconds, tolerations and the grace period may change.
[[nodiscard]] std::vector<StatusCause> validate_pod_update(const nlohmann::json& pod, const nlohmann::json& before);
/// How long a delete may take: what the client asks for, else the pod's own; 0 when nothing of it runs.
[[nodiscard]] std::int64_t pod_grace_seconds(const nlohmann::json& pod, const std::int64_t* asked);

}  // namespace troupe::local
