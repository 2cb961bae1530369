// The two CustomResourceDefinitions of crds/, embedded at build time: their documents as the API shows them, and their
// schemas and printer columns.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "local/api/resource_table.hpp"

namespace troupe::local {

/// As a real API server would return them once established, without metadata that changes (uid, timestamps).
[[nodiscard]] const std::vector<nlohmann::json>& built_in_crds();
/// openAPIV3Schema of a custom kind; null for others.
[[nodiscard]] const nlohmann::json* custom_schema(const ResourceEntry& resource);
/// additionalPrinterColumns of a custom kind; null for others.
[[nodiscard]] const nlohmann::json* printer_columns(const ResourceEntry& resource);
/// Whether the schema has CEL rules, which this server does not evaluate.
[[nodiscard]] bool has_unevaluated_rules(const ResourceEntry& resource);

}  // namespace troupe::local
