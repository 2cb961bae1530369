// Schemas of everything that is served, for OpenAPI documents and for telling unknown fields: custom kinds whole, other
// kinds by the names of their top-level fields. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "local/api/resource_table.hpp"

namespace troupe::local {

/// "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta".
inline constexpr std::string_view object_meta_definition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// "dev.troupe.v1alpha1.TroupeCluster".
[[nodiscard]] std::string definition_name(const ResourceEntry& resource);
/// OpenAPI schema of the kind; its `metadata` is {"$ref": "ObjectMeta"} for the caller to complete.
[[nodiscard]] nlohmann::json definition_of(const ResourceEntry& resource);
[[nodiscard]] nlohmann::json object_meta_schema();

/// Top-level fields of a kind that is not custom, besides apiVersion, kind and metadata.
[[nodiscard]] std::vector<std::string_view> built_in_fields(Storage storage);

}  // namespace troupe::local
