// Logging as seen by every layer: a message and fields. Where lines go and how they look is the platform's business
// (platform/log.hpp); without a sink, lines are dropped.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view key;  ///< snake_case: "cluster", "reconcile_id", "pid".
  std::variant<std::string, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> LogField(std::string_view k, Integer v)
      : key(k), value(static_cast<std::int64_t>(v)) {}
};

/// Thread-safe. Must not throw and must not block for long: a full disk costs lines, never the caller.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(LogLevel level, std::string_view message, std::span<const LogField> fields) = 0;
};

/// Installs the sink for the whole program and returns the former one; null drops lines. The sink must outlive every
/// later log call.
LogSink* set_log_sink(LogSink* sink);

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
inline void log_debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::debug, message, fields);
}
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::info, message, fields);
}
inline void log_warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::warning, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::error, message, fields);
}

}  // namespace troupe
