#include "local/api/json_body.hpp"

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

// Documents are walked and printed recursively: the depth of a body must not become the depth of our stack.
constexpr int depth_max = 200;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) {
        return true;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

ApiResult<nlohmann::json> parse_json_body(std::string_view text) {
  if (too_deep(text)) {
    return bad_request("the body nests deeper than " + std::to_string(depth_max) + " levels");
  }
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_discarded()) {
    return bad_request("couldn't get version/kind; json parse error: the body is not a JSON document");
  }
  return parsed;
}

}  // namespace troupe::local
