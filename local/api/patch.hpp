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

/// A strategic merge patch of a built-in kind: maps merge, lists whose merge key is known merge by it, $setElementOrder
/// and an item's `$patch: delete` are obeyed. Errors: 415 naming the directive or list that needs more than that.
ApiResult<nlohmann::json> apply_strategic_merge_patch(const nlohmann::json& object, const nlohmann::json& patch);

}  // namespace troupe::local
