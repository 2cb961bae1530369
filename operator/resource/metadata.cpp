#include "operator/resource/metadata.hpp"

#include <nlohmann/json.hpp>

namespace troupe::resource {

Metadata parse_metadata(const nlohmann::json& document, FieldErrors& errors) {
  static const nlohmann::json nothing;
  const bool present = document.is_object() && document.contains("metadata");
  FieldReader reader(present ? document["metadata"] : nothing, "metadata", errors);
  Metadata metadata;
  metadata.name = reader.text("name", 253).value_or("");
  if (const std::string problem = name_problem(metadata.name); !problem.empty()) {
    reader.fail("name", problem);
  }
  metadata.namespace_name = reader.text("namespace", 253).value_or("");
  metadata.uid = reader.text("uid", 128).value_or("");
  metadata.resource_version = reader.text("resourceVersion", 128).value_or("");
  metadata.generation = reader.integer("generation", 0, 0, INT64_MAX);
  metadata.being_deleted = reader.has("deletionTimestamp");
  return metadata;
}

}  // namespace troupe::resource
