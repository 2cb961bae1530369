// /openapi/v2 (gnostic protobuf, all that kubectl 1.20 takes) and /openapi/v3 (JSON): what kubectl needs of them for
// validation, dry runs and explain. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "local/api/reply.hpp"
#include "local/api/request.hpp"

namespace troupe::local {

/// Empty for paths outside /openapi.
[[nodiscard]] std::optional<Reply> openapi_document(const RequestTarget& target, std::string_view accept);

}  // namespace troupe::local
