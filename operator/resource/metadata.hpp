// The part of an object's metadata that both resources need.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "operator/resource/field_reader.hpp"

namespace troupe::resource {

struct Metadata {
  std::string name;
  std::string namespace_name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  bool being_deleted = false;

  /// "namespace/name".
  [[nodiscard]] std::string key() const { return namespace_name + "/" + name; }
};

/// Notes an error when the name is not one that pods and nodes can be named after.
[[nodiscard]] Metadata parse_metadata(const nlohmann::json& document, FieldErrors& errors);

}  // namespace troupe::resource
