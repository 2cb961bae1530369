#include "operator/resource/application.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/ascii.hpp"
#include "operator/resource/field_reader.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

using ascii::is_digit;
using ascii::is_letter;
using ascii::is_lower;

template <class Allowed>
bool all_of(std::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

bool is_module_name(std::string_view text) {
  return is_lower(text.front()) &&
         all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool is_version(std::string_view text) {
  const auto alphanumeric = [](char c) { return is_letter(c) || is_digit(c); };
  return alphanumeric(text.front()) && alphanumeric(text.back()) &&
         all_of(text, [&](char c) { return alphanumeric(c) || c == '.' || c == '+' || c == '_' || c == '-'; });
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_child_name(std::string_view text) {
  return is_lower(text.front()) &&
         all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

/// A C++ class name, perhaps with its namespaces: counter::Counter.
bool is_class_name(std::string_view text) {
  while (true) {
    const std::size_t end = std::min(text.find("::"), text.size());
    const std::string_view part = text.substr(0, end);
    const bool starts = !part.empty() && (is_letter(part.front()) || part.front() == '_');
    if (!starts || !all_of(part, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; })) {
      return false;
    }
    if (end == text.size()) {
      return true;
    }
    text.remove_prefix(end + 2);
  }
}

Module parse_module(FieldReader reader) {
  Module module;
  module.name = reader.required_text("name", 63);
  if (!module.name.empty() && !is_module_name(module.name)) {
    reader.fail("name", "must start with a lower-case letter and hold letters, digits, '_' and '-'");
  }
  module.version = reader.required_text("version", 63);
  if (!module.version.empty() && !is_version(module.version)) {
    reader.fail("version", "must start and end with a letter or digit and hold letters, digits, '.', '+', '_' and '-'");
  }
  module.sha256 = reader.text("sha256", 64).value_or("");
  if (reader.has("sha256") && !is_sha256(module.sha256)) {
    reader.fail("sha256", "must be 64 lower-case hexadecimal digits");
  }
  FieldReader source = reader.required_object("source");
  if (reader.has("source")) {
    source.choice("type", {"Path"}, "");
    module.path = source.required_text("path", 1024);
    if (!module.path.empty() && (module.path.size() < 2 || module.path.front() != '/' || module.path.back() == '/')) {
      source.fail("path", "must be the absolute path of a file");
    }
  }
  return module;
}

/// A union: the member named like the type is required, the other one refused.
void check_member(FieldReader& reader, std::string_view member, std::string_view type, bool wanted) {
  if (wanted && !reader.has(member)) {
    reader.fail(member, "is required when type is " + std::string(type));
  } else if (!wanted && reader.has(member)) {
    reader.fail(member, "is refused unless type is " + std::string(type));
  }
}

void validate_command(FieldReader command) {
  const auto argv = command.list("argv", 64);
  if (argv.empty()) {
    command.fail("argv", "must have 1 to 64 items");
    return;
  }
  for (const json* word : argv) {
    if (!word->is_string() || word->get_ref<const std::string&>().size() > 4096) {
      command.fail("argv", "must hold strings of at most 4096 characters");
      return;
    }
  }
  if (argv.front()->get_ref<const std::string&>().empty()) {
    command.fail("argv", "must begin with the name of a program");
  }
}

void validate_placement(FieldReader placement) {
  const bool counted = placement.choice("type", {"EveryNode", "Singleton", "Count"}, "EveryNode") == "Count";
  check_member(placement, "count", "Count", counted);
  placement.integer("count", 1, 1, 500);
}

Child parse_child(const json& item, const std::string& list_path, FieldErrors& errors) {
  Child child;
  FieldReader unnamed(item, list_path + "[]", errors);
  child.name = unnamed.required_text("name", 63);
  static const json empty = json::object();
  FieldReader reader(item.is_object() ? item : empty, list_path + "[" + child.name + "]", errors);
  if (!child.name.empty() && !is_child_name(child.name)) {
    reader.fail("name", "must start with a lower-case letter and hold lower-case letters, digits, '_' and '-'");
  }
  const std::string type = reader.choice("type", {"Process", "Command"}, "");
  child.type = type == "Command" ? ChildType::command : ChildType::process;
  check_member(reader, "process", "Process", child.type == ChildType::process);
  check_member(reader, "command", "Command", child.type == ChildType::command);
  if (child.type == ChildType::process && reader.has("process")) {
    FieldReader process = reader.object("process");
    const std::string class_name = process.required_text("class", 127);
    if (!class_name.empty() && !is_class_name(class_name)) {
      process.fail("class", "must be the name of a C++ class, such as Counter or shop::Cart");
    }
    process.raw_object("args");
  }
  if (child.type == ChildType::command && reader.has("command")) {
    validate_command(reader.object("command"));
  }
  reader.choice("restart", {"Permanent", "Transient", "Temporary"}, "Permanent");
  reader.integer("shutdownTimeoutSeconds", 5, 0, 3600);
  validate_placement(reader.object("placement"));
  reader.choice("isolation", {"Shared", "OsProcess"}, "Shared");
  return child;
}

std::vector<Child> parse_supervisor(FieldReader reader, FieldErrors& errors) {
  reader.choice("strategy", {"OneForOne", "OneForAll", "RestForOne"}, "OneForOne");
  FieldReader intensity = reader.object("intensity");
  intensity.integer("maxRestarts", 1, 0, 10'000);
  intensity.integer("periodSeconds", 5, 1, 86'400);
  std::vector<Child> children;
  std::set<std::string> names;
  const std::size_t errors_before = errors.size();
  for (const json* item : reader.list("children", children_max)) {
    children.push_back(parse_child(*item, reader.path_of("children"), errors));
    const std::string& name = children.back().name;
    if (!name.empty() && !names.insert(name).second) {
      reader.fail("children[" + name + "].name", "must be unique in its supervisor");
    }
  }
  if (children.empty() && errors.size() == errors_before) {
    reader.fail("children", "must have at least 1 item");
  }
  return children;
}

}  // namespace

Parsed<Application> parse_application(const json& document) {
  FieldErrors errors;
  Application application;
  application.metadata = parse_metadata(document, errors);
  static const json nothing;
  const bool present = document.is_object() && document.contains("spec");
  FieldReader spec(present ? document["spec"] : nothing, "spec", errors);
  FieldReader cluster_ref = spec.required_object("clusterRef");
  if (spec.has("clusterRef")) {
    application.cluster = cluster_ref.text("name", 253).value_or("");
    if (const std::string problem = name_problem(application.cluster); !problem.empty()) {
      cluster_ref.fail("name", problem);
    }
  }
  if (spec.has("module")) {
    application.module = parse_module(spec.object("module"));
  }
  FieldReader supervisor = spec.required_object("supervisor");
  if (spec.has("supervisor")) {
    application.children = parse_supervisor(supervisor, errors);
  }
  const bool has_process = std::any_of(application.children.begin(), application.children.end(),
                                       [](const Child& child) { return child.type == ChildType::process; });
  if (has_process && !application.module) {
    spec.fail("module", "is required when a child is of type Process");
  }
  if (!errors.empty()) {
    return errors;
  }
  return application;
}

std::string cluster_of_application(const json& document) {
  static const json::json_pointer pointer("/spec/clusterRef/name");
  if (!document.is_object() || !document.contains(pointer) || !document.at(pointer).is_string()) {
    return {};
  }
  return document.at(pointer).get<std::string>();
}

}  // namespace troupe::resource
