#include "local/pod_runner/query_string.hpp"

#include <charconv>

namespace troupe::local {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

template <class Each>
void split(std::string_view text, char separator, Each each) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    each(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

Target parse_target(std::string_view target) {
  Target parsed;
  const std::size_t question = target.find('?');
  split(target.substr(0, question), '/', [&](std::string_view segment) {
    if (!segment.empty()) {
      parsed.path.push_back(percent_decoded(segment));
    }
  });
  if (question != std::string_view::npos) {
    split(target.substr(question + 1), '&', [&](std::string_view pair) {
      const std::size_t equals = pair.find('=');
      parsed.query.emplace_back(percent_decoded(pair.substr(0, equals)),
                                equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1)));
    });
  }
  return parsed;
}

std::string Target::first(std::string_view key) const {
  for (const auto& [name, value] : query) {
    if (name == key) {
      return value;
    }
  }
  return "";
}

std::vector<std::string> Target::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : query) {
    if (name == key) {
      values.push_back(value);
    }
  }
  return values;
}

bool Target::flag(std::string_view key) const {
  const std::string value = first(key);
  return value == "true" || value == "1";
}

}  // namespace troupe::local
