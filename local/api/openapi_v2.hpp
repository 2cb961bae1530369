// The OpenAPI v2 document in gnostic's protobuf form (openapi_v2/OpenAPIv2.proto), the only one that kubectl 1.20
// takes.
#pragma once

#include <string>

namespace troupe::local {

/// Built once; lives as long as the program.
[[nodiscard]] const std::string& openapi_v2_document();

}  // namespace troupe::local
