// What an API request can fail with: the server's Status, or a transport failure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::kube {

struct ApiError {
  int status = 0;            ///< HTTP status; 0 when no answer came (refused, timeout, TLS, truncated).
  std::string reason;        ///< Status.reason: "NotFound", "Conflict", "AlreadyExists", "Expired", ...; "" if none.
  std::string message;       ///< For people: verb, path and what the server or the transport said.
  std::string details_json;  ///< Status.details as JSON text, "" if none (causes of a 422).
  std::optional<std::chrono::seconds> retry_after;

  [[nodiscard]] bool not_found() const { return status == 404; }
  [[nodiscard]] bool already_exists() const { return reason == "AlreadyExists"; }
  /// Stale resourceVersion or failed precondition. A patch for another uid than the object's is answered 409 by new
  /// servers and 422 by old ones (1.20: metadata.uid is immutable).
  [[nodiscard]] bool conflict() const {
    return (status == 409 && reason != "AlreadyExists") ||
           (status == 422 && details_json.find("\"metadata.uid\"") != std::string::npos);
  }
  [[nodiscard]] bool expired() const { return status == 410; }
  [[nodiscard]] bool unauthorized() const { return status == 401; }
  [[nodiscard]] bool forbidden() const { return status == 403; }
  /// May succeed if sent again later: no answer, 429, 5xx.
  [[nodiscard]] bool retriable() const { return status == 0 || status == 429 || status >= 500; }
};

}  // namespace troupe::kube
