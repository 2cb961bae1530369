// Where log lines go: standard error, as text for people or JSON for machines (spdlog).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/log.hpp"
#include "base/result.hpp"

namespace troupe::platform {

enum class LogFormat { text, json };

/// "text" | "json"; "debug" | "info" | "warning" | "error".
Result<LogFormat> parse_log_format(std::string_view text);
Result<LogLevel> parse_log_level(std::string_view text);

/// Sends log lines of at least `least` to what standard error is now, and ignores SIGPIPE. A line that cannot be
/// written (full disk, closed pipe) is counted in `log_lines_dropped()` and forgotten. JSON lines have "time", "level",
/// "message" and the fields.
void start_logging(LogFormat format, LogLevel least);
[[nodiscard]] std::uint64_t log_lines_dropped();

}  // namespace troupe::platform
