// YAML documents as JSON, typed as Kubernetes reads YAML (plain scalars are null, booleans, numbers or strings).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::local {

/// One document. Error: `invalid_argument` with line and column.
Result<nlohmann::json> json_from_yaml(std::string_view text);

}  // namespace troupe::local
