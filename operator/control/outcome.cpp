#include "operator/control/outcome.hpp"

#include <algorithm>

namespace troupe::control {

std::string_view to_string(RoundResult result) {
  switch (result) {
    case RoundResult::success:
      return "success";
    case RoundResult::waiting:
      return "waiting";
    case RoundResult::retry:
      return "retry";
    case RoundResult::error:
      break;
  }
  return "error";
}

std::optional<Duration> sooner(std::optional<Duration> a, std::optional<Duration> b) {
  return a && b ? std::optional(std::min(*a, *b)) : (a ? a : b);
}

}  // namespace troupe::control
