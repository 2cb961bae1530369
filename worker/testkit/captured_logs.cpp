#include "worker/testkit/captured_logs.hpp"

#include <algorithm>
#include <array>

namespace troupe::test {
namespace {

std::string text_of(const LogField& field) {
  return std::visit(
      [](const auto& value) -> std::string {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return value;
        } else if constexpr (std::is_same_v<Value, bool>) {
          return value ? "true" : "false";
        } else {
          return std::to_string(value);
        }
      },
      field.value);
}

bool holds(const LogLine& line, std::string_view text) {
  return line.message.find(text) != std::string::npos ||
         std::any_of(line.fields.begin(), line.fields.end(),
                     [&](const auto& field) { return field.second.find(text) != std::string::npos; });
}

}  // namespace

std::string LogLine::text() const {
  static constexpr std::array<const char*, 4> names = {"debug", "info", "warning", "error"};
  std::string text = std::string(names[static_cast<std::size_t>(level)]) + " " + message;
  for (const auto& [key, value] : fields) {
    text += " " + key + "=" + value;
  }
  return text;
}

void CapturedLogs::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  LogLine line{level, std::string(message), {}};
  for (const LogField& field : fields) {
    line.fields[std::string(field.key)] = text_of(field);
  }
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
  if (lines_.size() > lines_max) {
    lines_.pop_front();
    ++dropped_;
  }
}

std::vector<LogLine> CapturedLogs::lines() const {
  const std::lock_guard lock(mutex_);
  return {lines_.begin(), lines_.end()};
}

std::optional<LogLine> CapturedLogs::find(std::string_view text, std::uint64_t& from) const {
  const std::lock_guard lock(mutex_);
  for (from = std::max(from, dropped_); from < dropped_ + lines_.size(); ++from) {
    const LogLine& line = lines_[static_cast<std::size_t>(from - dropped_)];
    if (holds(line, text)) {
      return line;
    }
  }
  return std::nullopt;
}

}  // namespace troupe::test
