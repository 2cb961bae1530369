// JSON text to documents, the way every answer of the API server is read: `metadata.managedFields` is skipped while
// parsing (it is often half of an object and nobody here reads it), and nesting is bounded.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.hpp"

namespace troupe::kube {

inline constexpr std::size_t json_depth_max = 256;

/// Errors: `invalid_argument` for text that is not JSON (with the byte where it stops being it), `limit_exceeded` for
/// nesting deeper than `json_depth_max`.
Result<nlohmann::json> decode_json(std::string_view text);

}  // namespace troupe::kube
