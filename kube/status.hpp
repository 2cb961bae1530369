// Kubernetes Status documents and HTTP failures as ApiErrors.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kube/api_error.hpp"

namespace troupe::kube {

/// From a Status document (a failed answer's body, or the object of an ERROR event). `status` is used when the document
/// has no code of its own; `context` ("GET /api/v1/pods") starts the message.
ApiError error_of_status(const nlohmann::json& document, int status, std::string_view context);

/// From an answer other than 2xx. A body that is no Status is quoted, at most 200 bytes of it.
ApiError error_of_response(int status, std::string_view body, std::string_view retry_after, std::string_view context);

/// No answer came: status 0.
ApiError error_of_transport(const Error& error, std::string_view context);

/// "Too large resource version": the server's cache has not come that far. List again without a version.
[[nodiscard]] bool resource_version_too_large(const ApiError& error);

}  // namespace troupe::kube
