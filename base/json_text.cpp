#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe {

std::string text_in(const nlohmann::json& object, std::string_view key) {
  if (!object.is_object()) {
    return {};
  }
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace troupe
