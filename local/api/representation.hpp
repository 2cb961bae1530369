// In which form a client wants objects: whole, as rows of a Table, or their metadata alone (from the Accept header).
#pragma once

#include <string>
#include <string_view>

#include "local/api/status_error.hpp"

namespace troupe::local {

struct Representation {
  enum class Form { whole, table, metadata_only } form = Form::whole;
  std::string meta_version = "v1";  ///< Of meta.k8s.io, for Tables and PartialObjectMetadata.
};

/// The first form of `accept` that is served; an empty header takes JSON. Error: 406.
ApiResult<Representation> negotiate(std::string_view accept);
/// Whether `accept` asks for aggregated discovery before plain JSON: "v2", "v2beta1" or "".
[[nodiscard]] std::string aggregated_discovery_version(std::string_view accept);

/// "application/json" of "application/json; charset=utf-8".
[[nodiscard]] std::string media_type_of(std::string_view content_type);

}  // namespace troupe::local
