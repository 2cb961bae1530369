// Request bodies as JSON documents.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "local/api/status_error.hpp"

namespace troupe::local {

/// Error: 400 for text that is not JSON, or nests deeper than any object of Kubernetes does.
ApiResult<nlohmann::json> parse_json_body(std::string_view text);

}  // namespace troupe::local
