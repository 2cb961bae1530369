// What is special about each kind when its objects are written: defaults, fields that only the server or a controller
// writes, what may not change. Pure. Kinds without rules pass through.
//
// Source: the strategies in kubernetes/pkg/registry and the defaults in pkg/apis/core/v1, as far as clients, operator
// and pod runner depend on them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "local/api/resource_table.hpp"
#include "local/api/status_error.hpp"

namespace troupe::local {

/// Fills in defaults, as on every read and write of the real server.
void apply_kind_defaults(nlohmann::json& object, const ResourceEntry& resource);

/// What Go would refuse while decoding a built-in kind: values of ConfigMaps and Secrets that are not text or base64, a
/// spec that is not an object. Error: 400.
ApiResult<void> check_value_types(const nlohmann::json& object, const ResourceEntry& resource);

/// A new object: its first status, and fields that a client may not set at creation.
void prepare_new(nlohmann::json& object, const ResourceEntry& resource);

/// An update of the main resource or of `subresource` "status": restores in `object` what this path may not write.
void prepare_update(nlohmann::json& object, const nlohmann::json& before, const ResourceEntry& resource,
                    std::string_view subresource);

/// Rules of the kind beyond its schema.
[[nodiscard]] std::vector<StatusCause> validate_new(const nlohmann::json& object, const ResourceEntry& resource);
[[nodiscard]] std::vector<StatusCause> validate_update(const nlohmann::json& object, const nlohmann::json& before,
                                                       const ResourceEntry& resource, std::string_view subresource);

/// Whether the intent differs: then metadata.generation goes up.
[[nodiscard]] bool intent_differs(const nlohmann::json& object, const nlohmann::json& before);

}  // namespace troupe::local
