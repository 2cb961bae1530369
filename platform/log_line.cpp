#include "platform/log_line.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace troupe::platform {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_control(c)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (quoted && (c == '"' || c == '\\')) {
        out += '\\';
      }
      out += c;
    }
  }
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    if (c == ' ' || c == '"' || c == '=' || c == '\\' || is_control(c)) {
      return true;
    }
  }
  return text.empty();
}

void append_value(std::string& out, const std::string& text) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  out += '"';
  append_escaped(out, text, true);
  out += '"';
}
void append_value(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_value(std::string& out, std::int64_t value) { out += std::to_string(value); }
void append_value(std::string& out, double value) { out += fmt::format("{}", value); }

}  // namespace

std::string format_log_text(std::string_view message, std::span<const LogField> fields) {
  std::string out;
  append_escaped(out, message, false);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.key;
    out += '=';
    std::visit([&out](const auto& value) { append_value(out, value); }, field.value);
  }
  return out;
}

std::string format_log_json_members(std::string_view message, std::span<const LogField> fields) {
  nlohmann::ordered_json line;
  line["message"] = message;
  for (const LogField& field : fields) {
    std::string key(field.key);
    if (key == "time" || key == "level" || key == "message") {
      key += '_';
    }
    std::visit([&](const auto& value) { line[key] = value; }, field.value);
  }
  const std::string object = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return object.substr(1, object.size() - 2);
}

}  // namespace troupe::platform
