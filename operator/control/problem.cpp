#include "operator/control/problem.hpp"

namespace troupe::control {

Problem problem_of(const kube::ApiError& error, const std::string& what) {
  const std::string message = "cannot " + what + ": " + error.message;
  if (error.status == 403 && error.message.find("exceeded quota") != std::string::npos) {
    return {"QuotaExceeded", message};
  }
  if (error.status == 403 && error.message.find("because it is being terminated") != std::string::npos) {
    return {"NamespaceTerminating", message};
  }
  if (error.status == 403) {
    return {"Forbidden", message};
  }
  if (error.status == 400 || error.status == 422) {
    return {"Refused", message};
  }
  return {"", message};
}

}  // namespace troupe::control
