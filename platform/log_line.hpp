// One log line's message and fields as text for people or as JSON. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace troupe::platform {

/// `message key=value key="with space"`. Control characters are escaped: a line stays one line, whoever chose its
/// words.
[[nodiscard]] std::string format_log_text(std::string_view message, std::span<const LogField> fields);

/// `"message":"...","key":value`: the inside of a JSON object. Bytes that are no UTF-8 become U+FFFD. A field called
/// "time", "level" or "message" gets an underscore, so that it cannot pass for ours.
[[nodiscard]] std::string format_log_json_members(std::string_view message, std::span<const LogField> fields);

}  // namespace troupe::platform
