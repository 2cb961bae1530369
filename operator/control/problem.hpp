// What kept the operator from doing what it had planned, in words that conditions are made of.
#pragma once

#include <string>

#include "kube/api_error.hpp"

namespace troupe::control {

struct Problem {
  /// QuotaExceeded, NameConflict, Forbidden, Refused, NamespaceTerminating: a person must act, named in Degraded.
  /// "" for what passes by itself (a busy server, an old cache).
  std::string reason;
  std::string message;

  [[nodiscard]] bool lasting() const { return !reason.empty(); }
};

/// `what` is what was tried: "create Pod counter-0".
[[nodiscard]] Problem problem_of(const kube::ApiError& error, const std::string& what);

}  // namespace troupe::control
