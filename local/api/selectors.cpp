#include "local/api/selectors.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/ascii.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

// Splits at commas that stand outside parentheses.
std::vector<std::string_view> split_outside_parentheses(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(ascii::trimmed(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

bool is_name_part(std::string_view text) {
  if (text.empty() || text.size() > 63 || !std::isalnum(static_cast<unsigned char>(text.front())) ||
      !std::isalnum(static_cast<unsigned char>(text.back()))) {
    return false;
  }
  return std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_label_key(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) {
    return is_name_part(key);
  }
  const std::string_view prefix = key.substr(0, slash);
  return is_name_part(key.substr(slash + 1)) && !prefix.empty() && prefix.size() <= 253 &&
         std::ranges::all_of(prefix, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; });
}

StatusError unparsable(std::string_view text) {
  return bad_request("unable to parse requirement: found '" + std::string(text) +
                     "', expected: a label key with in, notin, =, ==, !=, gt, lt or nothing");
}

std::optional<std::string> label_of(const json& object, const std::string& key) {
  auto metadata = object.find("metadata");
  if (metadata == object.end()) {
    return std::nullopt;
  }
  auto labels = metadata->find("labels");
  if (labels == metadata->end() || !labels->is_object()) {
    return std::nullopt;
  }
  auto found = labels->find(key);
  return found == labels->end() || !found->is_string() ? std::nullopt : std::optional(found->get<std::string>());
}

std::string text_at(const json& object, const std::vector<std::string>& path) {
  const json* at = &object;
  for (const std::string& step : path) {
    if (!at->is_object() || !at->contains(step)) {
      return "";
    }
    at = &(*at)[step];
  }
  return at->is_string() ? at->get<std::string>() : at->is_null() ? "" : at->dump();
}

std::vector<std::string> split_path(std::string_view field) {
  std::vector<std::string> path;
  std::size_t start = 0;
  while (true) {
    const std::size_t dot = field.find('.', start);
    path.emplace_back(field.substr(start, dot - start));
    if (dot == std::string_view::npos) {
      return path;
    }
    start = dot + 1;
  }
}

bool selectable(const ResourceEntry& resource, std::string_view field) {
  if (field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced)) {
    return true;
  }
  static const std::vector<std::pair<Storage, std::vector<std::string_view>>> extra{
      {Storage::pods,
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase",
        "status.podIP", "status.nominatedNodeName"}},
      {Storage::events,
       {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type"}},
      {Storage::secrets, {"type"}},
      {Storage::namespaces, {"status.phase"}},
      {Storage::nodes, {"spec.unschedulable"}},
      {Storage::services, {"spec.clusterIP", "spec.type"}},
  };
  for (const auto& [storage, fields] : extra) {
    if (storage == resource.storage) {
      return std::ranges::find(fields, field) != fields.end();
    }
  }
  return false;
}

}  // namespace

ApiResult<LabelSelector::Requirement> LabelSelector::parse_requirement(std::string_view text) {
  auto requirement = [&](std::string_view key, Operator op, std::vector<std::string> values) -> ApiResult<Requirement> {
    key = ascii::trimmed(key);
    if (!is_label_key(key)) {
      return unparsable(text);
    }
    for (const std::string& value : values) {
      if (!value.empty() && !is_name_part(value)) {
        return bad_request("values: Invalid value: \"" + value +
                           "\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
                           "or '.', and must start and end with an alphanumeric character");
      }
    }
    return Requirement{std::string(key), op, std::move(values)};
  };
  if (text.starts_with('!')) {
    return requirement(text.substr(1), Operator::absent, {});
  }
  if (const std::size_t open = text.find('('); open != std::string_view::npos) {
    if (!text.ends_with(')')) {
      return unparsable(text);
    }
    const std::string_view head = ascii::trimmed(text.substr(0, open));
    std::vector<std::string> values;
    for (std::string_view value : split_outside_parentheses(text.substr(open + 1, text.size() - open - 2))) {
      values.emplace_back(value);
    }
    for (auto [word, op] : {std::pair{std::string_view(" notin"), Operator::not_in}, {" in", Operator::in}}) {
      if (head.ends_with(word)) {
        return requirement(head.substr(0, head.size() - word.size()), op, std::move(values));
      }
    }
    return unparsable(text);
  }
  for (auto [sign, op] : {std::pair{std::string_view("!="), Operator::not_in},
                          {"==", Operator::in},
                          {"=", Operator::in},
                          {">", Operator::greater},
                          {"<", Operator::less}}) {
    if (const std::size_t at = text.find(sign); at != std::string_view::npos) {
      return requirement(text.substr(0, at), op, {std::string(ascii::trimmed(text.substr(at + sign.size())))});
    }
  }
  return requirement(text, Operator::exists, {});
}

ApiResult<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (ascii::trimmed(text).empty()) {
    return selector;
  }
  for (std::string_view part : split_outside_parentheses(text)) {
    ApiResult<Requirement> parsed = parse_requirement(part);
    if (!parsed.ok()) {
      return parsed.error();
    }
    selector.requirements_.push_back(std::move(*parsed));
  }
  return selector;
}

ApiResult<LabelSelector> LabelSelector::from_document(const json& document) {
  LabelSelector selector;
  if (!document.is_object()) {
    return selector;
  }
  if (auto labels = document.find("matchLabels"); labels != document.end() && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      selector.requirements_.push_back({key, Operator::in, {value.is_string() ? value.get<std::string>() : ""}});
    }
  }
  auto expressions = document.find("matchExpressions");
  if (expressions == document.end() || !expressions->is_array()) {
    return selector;
  }
  for (const json& expression : *expressions) {
    if (!expression.is_object()) {
      return bad_request("matchExpressions must hold objects");
    }
    static const std::vector<std::pair<std::string, Operator>> operators{{"In", Operator::in},
                                                                         {"NotIn", Operator::not_in},
                                                                         {"Exists", Operator::exists},
                                                                         {"DoesNotExist", Operator::absent}};
    const std::string word = text_at(expression, {"operator"});
    auto found = std::ranges::find(operators, word, &std::pair<std::string, Operator>::first);
    if (found == operators.end()) {
      return bad_request("\"" + word + "\" is not a valid label selector operator");
    }
    Requirement requirement{text_at(expression, {"key"}), found->second, {}};
    if (auto values = expression.find("values"); values != expression.end() && values->is_array()) {
      for (const json& value : *values) {
        requirement.values.push_back(value.is_string() ? value.get<std::string>() : "");
      }
    }
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool LabelSelector::matches(const json& object) const {
  for (const Requirement& requirement : requirements_) {
    const std::optional<std::string> value = label_of(object, requirement.key);
    const bool listed = value && std::ranges::find(requirement.values, *value) != requirement.values.end();
    bool holds = false;
    switch (requirement.op) {
      case Operator::in:
        holds = listed;
        break;
      case Operator::not_in:
        holds = !listed;
        break;
      case Operator::exists:
        holds = value.has_value();
        break;
      case Operator::absent:
        holds = !value.has_value();
        break;
      case Operator::greater:
        holds = value &&
                std::strtoll(value->c_str(), nullptr, 10) > std::strtoll(requirement.values[0].c_str(), nullptr, 10);
        break;
      case Operator::less:
        holds = value &&
                std::strtoll(value->c_str(), nullptr, 10) < std::strtoll(requirement.values[0].c_str(), nullptr, 10);
        break;
    }
    if (!holds) {
      return false;
    }
  }
  return true;
}

ApiResult<FieldSelector> FieldSelector::parse(std::string_view text, const ResourceEntry& resource) {
  FieldSelector selector;
  if (ascii::trimmed(text).empty()) {
    return selector;
  }
  for (std::string_view part : split_outside_parentheses(text)) {
    if (part.empty()) {
      continue;
    }
    const std::size_t sign = part.find('=');
    if (sign == std::string_view::npos || sign == 0) {
      return bad_request("Unable to find \"" + resource.group_version() + ", Resource=" + std::string(resource.plural) +
                         "\" that match field selector \"" + std::string(text) + "\": invalid selector: '" +
                         std::string(part) + "'; can't understand '" + std::string(part) + "'");
    }
    const bool negated = part[sign - 1] == '!';
    const std::string_view field = ascii::trimmed(part.substr(0, negated ? sign - 1 : sign));
    std::string_view value = part.substr(sign + 1);
    if (!negated && value.starts_with('=')) {
      value.remove_prefix(1);
    }
    if (!selectable(resource, field)) {
      return bad_request("field label not supported: " + std::string(field));
    }
    selector.requirements_.push_back(
        {field == "source" ? std::vector<std::string>{"source", "component"} : split_path(field),
         std::string(ascii::trimmed(value)), !negated});
  }
  return selector;
}

bool FieldSelector::matches(const json& object) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& requirement) {
    std::string have = text_at(object, requirement.path);
    if (have.empty() && requirement.path.back() == "unschedulable") {
      have = "false";
    }
    return (have == requirement.value) == requirement.equal;
  });
}

}  // namespace troupe::local
