// Subresources whose documents are not the object itself: scale, binding, eviction, token.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "local/api/credentials.hpp"
#include "local/api/status_error.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {

/// autoscaling/v1 Scale of a TroupeCluster.
[[nodiscard]] nlohmann::json scale_of(const nlohmann::json& object);
ApiResult<nlohmann::json> read_scale(const WriteContext& context, const WriteTarget& target);
ApiResult<nlohmann::json> replace_scale(const WriteContext& context, const WriteTarget& target,
                                        const nlohmann::json& scale);
ApiResult<nlohmann::json> patch_scale(const WriteContext& context, const WriteTarget& target, PatchFormat format,
                                      const nlohmann::json& patch);

/// Assigns a pod to a node. 409 when it already has one.
ApiResult<void> bind_pod(const WriteContext& context, const WriteTarget& target, const nlohmann::json& binding);

/// Deletes a pod unless a PodDisruptionBudget forbids it now (429).
ApiResult<void> evict_pod(const WriteContext& context, const WriteTarget& target, const nlohmann::json& eviction);

/// Answers a TokenRequest. `expirationSeconds` is kept between 10 minutes and a day; default one hour.
ApiResult<nlohmann::json> request_token(const WriteContext& context, const WriteTarget& target,
                                        const Credentials& credentials, nlohmann::json request);

}  // namespace troupe::local
