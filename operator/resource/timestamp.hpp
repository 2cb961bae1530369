// Kubernetes's timestamps: RFC 3339 in UTC, such as 2026-01-02T03:04:05Z.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace troupe::resource {

/// Whole seconds, as metav1.Time.
[[nodiscard]] std::string format_timestamp(WallTime time);
/// Takes a fraction of a second (metav1.MicroTime) too. Nothing when it is malformed or not in UTC.
[[nodiscard]] std::optional<WallTime> parse_timestamp(std::string_view text);

}  // namespace troupe::resource
