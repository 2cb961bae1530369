// What the API server refuses a request with: the parts of a metav1.Status, worded as kube-apiserver words them
// (kubectl shows the messages and client libraries switch on reason and code).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace troupe::local {

/// One entry of Status.details.causes.
struct StatusCause {
  std::string reason;   ///< "FieldValueRequired", "FieldValueInvalid", ...
  std::string message;  ///< "Required value", "Invalid value: 3: must be ..."
  std::string field;    ///< "spec.replicas"; may be empty.

  bool operator==(const StatusCause&) const = default;
};

struct StatusError {
  int code = 500;
  std::string reason;
  std::string message;
  // details
  std::string name;
  std::string group;
  std::string kind;
  std::string uid;
  std::vector<StatusCause> causes;
  std::int64_t retry_after_seconds = 0;
};

template <class T>
using ApiResult = Result<T, StatusError>;

/// The Status document as JSON text.
[[nodiscard]] std::string to_status_json(const StatusError& error);
/// Status "Success" with the details of a deleted or bound object.
[[nodiscard]] std::string success_status_json(std::string_view group, std::string_view plural, std::string_view name,
                                              std::string_view uid);

/// `plural` and `group` name the resource ("pods", ""); `kind` is its Kind.
[[nodiscard]] StatusError not_found(std::string_view group, std::string_view plural, std::string_view name);
[[nodiscard]] StatusError already_exists(std::string_view group, std::string_view plural, std::string_view name);
[[nodiscard]] StatusError conflict(std::string_view group, std::string_view plural, std::string_view name,
                                   std::string_view why);
/// The usual conflict: the resourceVersion sent is not the current one.
[[nodiscard]] StatusError modified(std::string_view group, std::string_view plural, std::string_view name);
[[nodiscard]] StatusError forbidden(std::string_view group, std::string_view plural, std::string_view name,
                                    std::string_view why);
[[nodiscard]] StatusError invalid(std::string_view group, std::string_view kind, std::string_view name,
                                  std::vector<StatusCause> causes);
[[nodiscard]] StatusError bad_request(std::string_view message);
[[nodiscard]] StatusError unprocessable(std::string_view message);
[[nodiscard]] StatusError unknown_resource();
[[nodiscard]] StatusError method_not_allowed();
[[nodiscard]] StatusError unsupported_media_type(std::string_view message);
[[nodiscard]] StatusError not_acceptable(std::string_view accepted);
[[nodiscard]] StatusError unauthorized();
[[nodiscard]] StatusError expired(std::string_view message);
[[nodiscard]] StatusError internal_error(std::string_view message);
[[nodiscard]] StatusError service_unavailable(std::string_view message);
/// A resourceVersion that the server has not reached yet.
[[nodiscard]] StatusError revision_too_large(std::uint64_t asked, std::uint64_t current);

/// Causes as field.Error words them.
[[nodiscard]] StatusCause required_cause(std::string_view field, std::string_view detail = "");
[[nodiscard]] StatusCause invalid_cause(std::string_view field, std::string_view value_json, std::string_view detail);
[[nodiscard]] StatusCause forbidden_cause(std::string_view field, std::string_view detail);

}  // namespace troupe::local
