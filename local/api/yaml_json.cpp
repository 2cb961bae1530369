#include "local/api/yaml_json.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

template <class Number>
bool parses_as(const std::string& text, Number& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") {  // Quoted.
    return text;
  }
  if (text == "true" || text == "false") {
    return text == "true";
  }
  if (text.empty() || text == "null" || text == "~") {
    return nullptr;
  }
  std::int64_t integer = 0;
  if (parses_as(text, integer)) {
    return integer;
  }
  double number = 0;
  const bool numeric_start = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.';
  if (numeric_start && parses_as(text, number)) {
    return number;
  }
  return text;
}

json converted(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence: {
      json array = json::array();
      for (const YAML::Node& item : node) {
        array.push_back(converted(item));
      }
      return array;
    }
    case YAML::NodeType::Map: {
      json object = json::object();
      for (const auto& pair : node) {
        object[pair.first.Scalar()] = converted(pair.second);
      }
      return object;
    }
    default:
      return nullptr;
  }
}

}  // namespace

Result<json> json_from_yaml(std::string_view text) {
  try {
    return converted(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& problem) {
    return Error{ErrorCode::invalid_argument, std::string("YAML cannot be parsed: ") + problem.what()};
  }
}

}  // namespace troupe::local
