// Kubernetes times: RFC 3339 in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace troupe::kube {

/// metav1.Time: "2026-01-31T08:05:09Z".
std::string to_time(WallTime at);
/// metav1.MicroTime: "2026-01-31T08:05:09.123456Z".
std::string to_micro_time(WallTime at);
/// Any RFC 3339 time from 1970 to 2200, with fraction and offset.
std::optional<WallTime> parse_time(std::string_view text);

}  // namespace troupe::kube
