// The patch formats that are served. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "local/api/status_error.hpp"

namespace troupe::local {

/// RFC 7386. Error: 400 when the patch is not an object.
ApiResult<nlohmann::json> apply_merge_patch(const nlohmann::json& object, const nlohmann::json& patch);

/// RFC 6902. Errors: 400 for a malformed patch, 422 when an operation cannot be applied or a test fails.
ApiResult<nlohmann::json> apply_json_patch(const nlohmann::json& object, const nlohmann::json& patch);

/// A strategic merge patch where it means the same as a merge patch: no directives ($patch, ...) and no list that
/// Kubernetes would merge item by item. Error: 422 naming the field that needs more.
ApiResult<nlohmann::json> apply_strategic_merge_patch(const nlohmann::json& object, const nlohmann::json& patch);

}  // namespace troupe::local
