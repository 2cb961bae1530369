#include "local/api/json_path.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

namespace troupe::local {
namespace {

using nlohmann::json;
using Values = std::vector<json>;

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

Values step_into(const Values& values, const std::string& name) {
  Values next;
  for (const json& value : values) {
    if (value.is_object() && value.contains(name)) {
      next.push_back(value[name]);
    }
  }
  return next;
}

Values elements(const Values& values) {
  Values next;
  for (const json& value : values) {
    if (value.is_structured()) {
      next.insert(next.end(), value.begin(), value.end());
    }
  }
  return next;
}

// ?(@.type=="Ready")
Values filtered(const Values& values, std::string_view condition) {
  const std::size_t equals = condition.find("==");
  if (!condition.starts_with("?(@") || !condition.ends_with(')') || equals == std::string_view::npos) {
    return {};
  }
  const std::string_view path = condition.substr(3, equals - 3);
  std::string_view wanted = condition.substr(equals + 2, condition.size() - equals - 3);
  while (wanted.starts_with(' ')) {
    wanted.remove_prefix(1);
  }
  Values kept;
  for (const json& element : elements(values)) {
    for (const json& found : select_json_path(element, path)) {
      if ((found.is_string() ? found.get<std::string>() : found.dump()) == unquoted(wanted)) {
        kept.push_back(element);
        break;
      }
    }
  }
  return kept;
}

Values bracket(const Values& values, std::string_view inside) {
  if (inside == "*") {
    return elements(values);
  }
  if (inside.starts_with('?')) {
    return filtered(values, inside);
  }
  if (inside.starts_with('\'') || inside.starts_with('"')) {
    return step_into(values, unquoted(inside));
  }
  const long index = std::strtol(std::string(inside).c_str(), nullptr, 10);
  Values next;
  for (const json& value : values) {
    const long at = index < 0 ? index + static_cast<long>(value.size()) : index;
    if (value.is_array() && at >= 0 && at < static_cast<long>(value.size())) {
      next.push_back(value[static_cast<std::size_t>(at)]);
    }
  }
  return next;
}

}  // namespace

Values select_json_path(const json& document, std::string_view path) {
  while (path.starts_with('{') || path.starts_with('$') || path.starts_with(' ')) {
    path.remove_prefix(1);
  }
  while (path.ends_with('}') || path.ends_with(' ')) {
    path.remove_suffix(1);
  }
  Values values{document};
  while (!path.empty() && !values.empty()) {
    if (path.front() == '[') {
      const bool quoted = path.size() > 1 && (path[1] == '\'' || path[1] == '"');
      const std::size_t end = quoted ? path.find(std::string(1, path[1]) + "]", 2) : path.find(']');
      if (end == std::string_view::npos) {
        return {};
      }
      const std::size_t close = quoted ? end + 1 : end;
      values = bracket(values, path.substr(1, close - 1));
      path.remove_prefix(close + 1);
      continue;
    }
    if (path.front() == '.') {
      path.remove_prefix(1);
    }
    const std::size_t end = path.find_first_of(".[");
    const std::string name(path.substr(0, end));
    values = name == "*" ? elements(values) : step_into(values, name);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return values;
}

}  // namespace troupe::local
