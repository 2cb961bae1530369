#include "local/api/schema.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

namespace troupe::local {
namespace {

using nlohmann::json;

// std::regex recurses once a character; longer strings than any maxLength in use are refused instead of matched.
constexpr std::size_t matched_chars_max = 8192;

const json* member(const json& object, const char* name) {
  if (!object.is_object()) {
    return nullptr;
  }
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

bool is_set(const json& schema, const char* flag) {
  const json* value = member(schema, flag);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::string text_of(const json& schema, const char* name) {
  const json* value = member(schema, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::string child_path(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void prune(json& value, const json& schema, const std::string& path, bool root, std::vector<std::string>& unknown) {
  if (value.is_array()) {
    if (const json* items = member(schema, "items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        prune(value[i], *items, path + "[" + std::to_string(i) + "]", false, unknown);
      }
    }
    return;
  }
  if (!value.is_object()) {
    return;
  }
  const json* properties = member(schema, "properties");
  const json* additional = member(schema, "additionalProperties");
  const bool keep_unknown = is_set(schema, "x-kubernetes-preserve-unknown-fields") ||
                            (additional != nullptr && additional->is_boolean() && additional->get<bool>());
  for (auto at = value.begin(); at != value.end();) {
    const std::string here = child_path(path, at.key());
    if (root && (at.key() == "apiVersion" || at.key() == "kind" || at.key() == "metadata")) {
      ++at;
    } else if (const json* known = properties ? member(*properties, at.key().c_str()) : nullptr) {
      prune(at.value(), *known, here, false, unknown);
      ++at;
    } else if (additional != nullptr && additional->is_object()) {
      prune(at.value(), *additional, here, false, unknown);
      ++at;
    } else if (keep_unknown) {
      ++at;
    } else {
      unknown.push_back(here);
      at = value.erase(at);
    }
  }
}

void fill(json& value, const json& schema) {
  if (value.is_array()) {
    if (const json* items = member(schema, "items")) {
      for (json& item : value) {
        fill(item, *items);
      }
    }
    return;
  }
  if (!value.is_object()) {
    return;
  }
  if (const json* properties = member(schema, "properties")) {
    for (const auto& [name, known] : properties->items()) {
      auto present = value.find(name);
      if (present != value.end() && present->is_null() && !is_set(known, "nullable")) {
        value.erase(present);
        present = value.end();
      }
      if (present == value.end()) {
        if (const json* preset = member(known, "default")) {
          value[name] = *preset;
        }
      }
      if (auto now = value.find(name); now != value.end()) {
        fill(*now, known);
      }
    }
  }
  if (const json* additional = member(schema, "additionalProperties");
      additional != nullptr && additional->is_object()) {
    for (auto& [name, item] : value.items()) {
      const json* properties = member(schema, "properties");
      if (properties == nullptr || !properties->contains(name)) {
        fill(item, *additional);
      }
    }
  }
}

std::string type_name(const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return "object";
    case json::value_t::array:
      return "array";
    case json::value_t::string:
      return "string";
    case json::value_t::boolean:
      return "boolean";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return "integer";
    case json::value_t::number_float:
      return "number";
    default:
      return "null";
  }
}

std::size_t utf8_length(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool pattern_matches(const std::string& text, const std::string& pattern) {
  static std::mutex mutex;
  static std::map<std::string, std::regex> compiled;
  std::lock_guard lock(mutex);
  auto found = compiled.find(pattern);
  if (found == compiled.end()) {
    found = compiled.emplace(pattern, std::regex(pattern, std::regex::ECMAScript | std::regex::optimize)).first;
  }
  return text.size() <= matched_chars_max && std::regex_search(text, found->second);
}

class Validator {
 public:
  std::vector<StatusCause> causes;

  void check_value(const json& value, const json& schema, const std::string& path) {
    if (value.is_null() && is_set(schema, "nullable")) {
      return;
    }
    if (!check_type(value, schema, path)) {
      return;
    }
    check_enum(value, schema, path);
    if (value.is_string()) {
      check_string(value.get_ref<const std::string&>(), schema, path);
    } else if (value.is_number()) {
      check_number(value, schema, path);
    } else if (value.is_array()) {
      check_array(value, schema, path);
    } else if (value.is_object()) {
      check_object(value, schema, path);
    }
    check_combinations(value, schema, path);
  }

 private:
  static std::string shown_path(const std::string& path) { return path.empty() ? "<nil>" : path; }

  void bad(const std::string& path, const json& value, const std::string& detail) {
    causes.push_back(invalid_cause(shown_path(path), value.dump(), shown_path(path) + " in body " + detail));
  }

  bool check_type(const json& value, const json& schema, const std::string& path) {
    const std::string have = type_name(value);
    if (is_set(schema, "x-kubernetes-int-or-string")) {
      if (have == "integer" || have == "string") {
        return true;
      }
      causes.push_back(
          {"FieldValueTypeInvalid",
           "Invalid value: \"" + have + "\": " + path + " in body must be of type integer or string: \"" + have + "\"",
           path});
      return false;
    }
    const std::string wanted = text_of(schema, "type");
    if (wanted.empty() || wanted == have || (wanted == "number" && have == "integer") ||
        (wanted == "integer" && have == "number" &&
         value.get<double>() == static_cast<double>(value.get<std::int64_t>()))) {
      return true;
    }
    causes.push_back({"FieldValueTypeInvalid",
                      "Invalid value: \"" + have + "\": " + shown_path(path) + " in body must be of type " + wanted +
                          ": \"" + have + "\"",
                      shown_path(path)});
    return false;
  }

  void check_enum(const json& value, const json& schema, const std::string& path) {
    const json* allowed = member(schema, "enum");
    if (allowed == nullptr || std::ranges::find(*allowed, value) != allowed->end()) {
      return;
    }
    std::string list;
    for (const json& one : *allowed) {
      list += (list.empty() ? "" : ", ") + one.dump();
    }
    causes.push_back(
        {"FieldValueNotSupported", "Unsupported value: " + value.dump() + ": supported values: " + list, path});
  }

  void check_string(const std::string& value, const json& schema, const std::string& path) {
    if (const json* most = member(schema, "maxLength"); most && utf8_length(value) > most->get<std::size_t>()) {
      causes.push_back({"FieldValueTooLong", "Too long: may not be more than " + most->dump() + " bytes", path});
      return;
    }
    if (const json* least = member(schema, "minLength"); least && utf8_length(value) < least->get<std::size_t>()) {
      bad(path, value, "should be at least " + least->dump() + " chars long");
    }
    if (const std::string pattern = text_of(schema, "pattern"); !pattern.empty() && !pattern_matches(value, pattern)) {
      bad(path, value, "should match '" + pattern + "'");
    }
    static const std::string date_time = R"(^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$)";
    if (text_of(schema, "format") == "date-time" && !pattern_matches(value, date_time)) {
      bad(path, value, "must be of type date-time: " + json(value).dump());
    }
  }

  void check_number(const json& value, const json& schema, const std::string& path) {
    const double number = value.get<double>();
    if (const json* most = member(schema, "maximum")) {
      const bool exclusive = is_set(schema, "exclusiveMaximum");
      if (number > most->get<double>() || (exclusive && number == most->get<double>())) {
        bad(path, value, std::string("should be less than ") + (exclusive ? "" : "or equal to ") + most->dump());
      }
    }
    if (const json* least = member(schema, "minimum")) {
      const bool exclusive = is_set(schema, "exclusiveMinimum");
      if (number < least->get<double>() || (exclusive && number == least->get<double>())) {
        bad(path, value, std::string("should be greater than ") + (exclusive ? "" : "or equal to ") + least->dump());
      }
    }
  }

  void check_array(const json& value, const json& schema, const std::string& path) {
    if (const json* most = member(schema, "maxItems"); most && value.size() > most->get<std::size_t>()) {
      causes.push_back({"FieldValueTooMany",
                        "Too many: " + std::to_string(value.size()) + ": must have at most " + most->dump() + " items",
                        path});
      return;
    }
    if (const json* least = member(schema, "minItems"); least && value.size() < least->get<std::size_t>()) {
      bad(path, value.size(), "should have at least " + least->dump() + " items");
    }
    if (const json* items = member(schema, "items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check_value(value[i], *items, path + "[" + std::to_string(i) + "]");
      }
    }
    check_list_type(value, schema, path);
  }

  void check_list_type(const json& value, const json& schema, const std::string& path) {
    const std::string list_type = text_of(schema, "x-kubernetes-list-type");
    const json* keys = member(schema, "x-kubernetes-list-map-keys");
    if (list_type != "set" && (list_type != "map" || keys == nullptr)) {
      return;
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      json key = value[i];
      if (list_type == "map") {
        key = json::object();
        for (const json& name : *keys) {
          if (const json* part = member(value[i], name.get_ref<const std::string&>().c_str())) {
            key[name.get<std::string>()] = *part;
          }
        }
      }
      if (!seen.insert(key.dump()).second) {
        causes.push_back(
            {"FieldValueDuplicate", "Duplicate value: " + key.dump(), path + "[" + std::to_string(i) + "]"});
      }
    }
  }

  void check_object(const json& value, const json& schema, const std::string& path) {
    if (const json* required = member(schema, "required")) {
      for (const json& name : *required) {
        if (!value.contains(name.get_ref<const std::string&>())) {
          causes.push_back(required_cause(child_path(path, name.get<std::string>())));
        }
      }
    }
    if (const json* most = member(schema, "maxProperties"); most && value.size() > most->get<std::size_t>()) {
      causes.push_back({"FieldValueTooMany",
                        "Too many: " + std::to_string(value.size()) + ": must have at most " + most->dump() + " items",
                        path});
      return;
    }
    if (const json* least = member(schema, "minProperties"); least && value.size() < least->get<std::size_t>()) {
      bad(path, value.size(), "should have at least " + least->dump() + " properties");
    }
    const json* properties = member(schema, "properties");
    const json* additional = member(schema, "additionalProperties");
    for (const auto& [name, item] : value.items()) {
      if (const json* known = properties ? member(*properties, name.c_str()) : nullptr) {
        check_value(item, *known, child_path(path, name));
      } else if (additional != nullptr && additional->is_object()) {
        check_value(item, *additional, child_path(path, name));
      }
    }
  }

  bool holds(const json& value, const json& schema, const std::string& path) {
    Validator trial;
    trial.check_value(value, schema, path);
    return trial.causes.empty();
  }

  void check_combinations(const json& value, const json& schema, const std::string& path) {
    if (const json* all = member(schema, "allOf")) {
      for (const json& part : *all) {
        check_value(value, part, path);
      }
    }
    auto holding = [&](const json& parts) {
      return std::ranges::count_if(parts, [&](const json& part) { return holds(value, part, path); });
    };
    if (const json* any = member(schema, "anyOf"); any && holding(*any) == 0) {
      bad(path, value, "must validate at least one schema (anyOf)");
    }
    if (const json* one = member(schema, "oneOf"); one && holding(*one) != 1) {
      bad(path, value, "must validate one and only one schema (oneOf)");
    }
    if (const json* none = member(schema, "not"); none && holds(value, *none, path)) {
      bad(path, value, "must not validate the schema (not)");
    }
  }
};

}  // namespace

void prune_unknown_fields(json& object, const json& schema, std::vector<std::string>& unknown) {
  prune(object, schema, "", true, unknown);
}

void apply_defaults(json& object, const json& schema) { fill(object, schema); }

std::vector<StatusCause> validate_against(const json& object, const json& schema) {
  Validator validator;
  validator.check_value(object, schema, "");
  return std::move(validator.causes);
}

bool has_cel_rules(const json& schema) {
  if (schema.is_object() && schema.contains("x-kubernetes-validations")) {
    return true;
  }
  return schema.is_structured() && std::ranges::any_of(schema, [](const json& part) { return has_cel_rules(part); });
}

}  // namespace troupe::local
