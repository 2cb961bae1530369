// What is wrong with a resource: the field's path and the reason, as Kubernetes writes them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace troupe::resource {

struct FieldError {
  std::string field;   ///< "spec.rollout.rollingUpdate.maxSurge", "spec.supervisor.children[report].type".
  std::string reason;  ///< "must be at least 0", "is required", ...

  bool operator==(const FieldError&) const = default;
};

/// Never empty when it is the error of a Result. At most `field_errors_max` are kept: a broken resource must not make
/// a status message of any length.
using FieldErrors = std::vector<FieldError>;
inline constexpr std::size_t field_errors_max = 16;

template <class T>
using Parsed = Result<T, FieldErrors>;

/// "spec.image: is required; spec.replicas: must be at most 500".
[[nodiscard]] std::string to_string(const FieldErrors& errors);

}  // namespace troupe::resource
