// Objects as rows of a meta.k8s.io Table, the form in which kubectl get prints them. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "local/api/resource_table.hpp"

namespace troupe::local {

/// columnDefinitions of a kind.
[[nodiscard]] nlohmann::json table_columns(const ResourceEntry& resource);

/// How much of the object a row carries.
enum class IncludeObject { none, metadata, whole };
/// "", "Metadata", "None" or "Object" as `includeObject` says it.
[[nodiscard]] IncludeObject parse_include_object(std::string_view text);

/// One row.
[[nodiscard]] nlohmann::json table_row(const nlohmann::json& object, const ResourceEntry& resource, WallTime now,
                                       IncludeObject include, const std::string& meta_version);

/// The metadata of an object as PartialObjectMetadata.
[[nodiscard]] nlohmann::json partial_metadata(const nlohmann::json& object, const std::string& meta_version);

/// "5s", "3m20s", "2d3h": how kubectl shows ages.
[[nodiscard]] std::string human_duration(std::chrono::seconds duration);

}  // namespace troupe::local
