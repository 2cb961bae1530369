#include "worker/node/application_spec.hpp"

#include <nlohmann/json.hpp>

namespace troupe::node {
namespace {

using nlohmann::json;

Error invalid(const std::string& path, const std::string& what) {
  return {ErrorCode::invalid_argument, path + ": " + what};
}

const json& member(const json& object, const char* key) {
  static const json absent;
  if (!object.is_object()) {
    return absent;
  }
  const auto found = object.find(key);
  return found == object.end() ? absent : *found;
}

std::string text(const json& object, const char* key, const char* otherwise = "") {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : otherwise;
}

std::int64_t number(const json& object, const char* key, std::int64_t otherwise) {
  const json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

/// The value that `name` stands for; nothing when it is none of them.
template <class T>
std::optional<T> one_of(const std::string& name, std::initializer_list<std::pair<const char*, T>> known) {
  for (const auto& [word, value] : known) {
    if (name == word) {
      return value;
    }
  }
  return std::nullopt;
}

Result<ModuleReference> parse_module(const json& module) {
  ModuleReference reference{text(module, "name"), text(module, "version"), "", text(module, "sha256")};
  const json& source = member(module, "source");
  if (const std::string type = text(source, "type"); type != "Path") {
    return Error{ErrorCode::unsupported,
                 "spec.module.source.type: \"" + type + "\" is unknown to this worker; Path is known"};
  }
  reference.path = text(source, "path");
  if (reference.path.empty()) {
    return invalid("spec.module.source.path", "is empty");
  }
  return reference;
}

Result<void> parse_kind(const json& child, const std::string& path, bool has_module, ChildDescription& parsed) {
  const std::string type = text(child, "type");
  if (type == "Command") {
    for (const json& argument : member(member(child, "command"), "argv")) {
      if (!argument.is_string()) {
        return invalid(path + ".command.argv", "holds something that is no text");
      }
      parsed.argv.push_back(argument.get<std::string>());
    }
    return parsed.argv.empty() ? Result<void>(invalid(path + ".command.argv", "is empty")) : Result<void>();
  }
  if (type != "Process") {
    return invalid(path + ".type", "\"" + type + "\" is unknown; Process and Command are known");
  }
  const json& process = member(child, "process");
  parsed.process_class = text(process, "class");
  if (parsed.process_class.empty()) {
    return invalid(path + ".process.class", "is empty");
  }
  if (!has_module) {
    return invalid("spec.module", "is absent, but " + path + " is a Process");
  }
  const json& arguments = member(process, "args");
  if (!arguments.is_null() && !arguments.is_object()) {
    return invalid(path + ".process.args", "is no object");
  }
  parsed.arguments = term_from_json(arguments.is_null() ? json::object() : arguments);
  return {};
}

Result<ChildDescription> parse_child(const json& child, bool has_module) {
  ChildDescription parsed;
  parsed.name = text(child, "name");
  const std::string path = "spec.supervisor.children[" + parsed.name + "]";
  if (parsed.name.empty()) {
    return invalid(path + ".name", "is empty");
  }
  if (auto kind = parse_kind(child, path, has_module, parsed); !kind) {
    return kind.error();
  }
  const auto restart = one_of<Restart>(
      text(child, "restart", "Permanent"),
      {{"Permanent", Restart::permanent}, {"Transient", Restart::transient}, {"Temporary", Restart::temporary}});
  if (!restart) {
    return invalid(path + ".restart", "\"" + text(child, "restart") + "\" is unknown");
  }
  parsed.restart = *restart;
  parsed.shutdown_timeout = std::chrono::seconds(number(child, "shutdownTimeoutSeconds", 5));
  if (const std::string placement = text(member(child, "placement"), "type", "EveryNode"); placement != "EveryNode") {
    return Error{ErrorCode::unsupported,
                 path + ".placement.type: \"" + placement + "\" is not supported by this worker; use EveryNode"};
  }
  if (const std::string isolation = text(child, "isolation", "Shared"); isolation != "Shared") {
    return Error{ErrorCode::unsupported,
                 path + ".isolation: \"" + isolation + "\" is not supported by this worker; use Shared"};
  }
  return parsed;
}

}  // namespace

Term term_from_json(const json& value) {
  switch (value.type()) {
    case json::value_t::object: {
      std::vector<Term::Pair> pairs;
      for (const auto& [key, inner] : value.items()) {
        pairs.emplace_back(Term::binary(key), term_from_json(inner));
      }
      return Term::map(std::move(pairs));
    }
    case json::value_t::array: {
      std::vector<Term> elements;
      for (const json& inner : value) {
        elements.push_back(term_from_json(inner));
      }
      return Term::list(std::move(elements));
    }
    case json::value_t::string:
      return Term::binary(value.get_ref<const std::string&>());
    case json::value_t::boolean:
      return Term::boolean(value.get<bool>());
    case json::value_t::number_integer:
      return Term::integer(value.get<std::int64_t>());
    case json::value_t::number_unsigned: {
      const auto number = value.get<std::uint64_t>();
      std::vector<std::uint8_t> magnitude;
      for (std::uint64_t rest = number; rest != 0; rest >>= 8) {
        magnitude.push_back(static_cast<std::uint8_t>(rest));
      }
      return Term::big_integer(false, std::move(magnitude));
    }
    case json::value_t::number_float:
      return Term::floating(value.get<double>());
    default:
      return Term::atom("undefined");
  }
}

std::string cluster_of(const kube::Object& application) {
  return text(member(member(application.json(), "spec"), "clusterRef"), "name");
}

Result<ApplicationSpec> parse_application(const kube::Object& application) {
  const json& spec = member(application.json(), "spec");
  ApplicationSpec parsed;
  parsed.name = application.name();
  parsed.uid = application.uid();
  if (const json& module = member(spec, "module"); module.is_object()) {
    auto reference = parse_module(module);
    if (!reference) {
      return reference.error();
    }
    parsed.module = std::move(*reference);
  }
  const json& supervisor = member(spec, "supervisor");
  const auto strategy =
      one_of<Strategy>(text(supervisor, "strategy", "OneForOne"), {{"OneForOne", Strategy::one_for_one},
                                                                   {"OneForAll", Strategy::one_for_all},
                                                                   {"RestForOne", Strategy::rest_for_one}});
  if (!strategy) {
    return invalid("spec.supervisor.strategy", "\"" + text(supervisor, "strategy") + "\" is unknown");
  }
  parsed.strategy = *strategy;
  const json& intensity = member(supervisor, "intensity");
  parsed.intensity.restarts_max = static_cast<std::uint32_t>(number(intensity, "maxRestarts", 1));
  parsed.intensity.window = std::chrono::seconds(number(intensity, "periodSeconds", 5));
  for (const json& child : member(supervisor, "children")) {
    auto description = parse_child(child, parsed.module.has_value());
    if (!description) {
      return description.error();
    }
    parsed.children.push_back(std::move(*description));
  }
  if (parsed.children.empty()) {
    return invalid("spec.supervisor.children", "is empty");
  }
  parsed.fingerprint = application.uid() + spec.dump();
  json without_module = spec;
  without_module.erase("module");
  parsed.shape = application.uid() + (parsed.module ? " module " : " ") + without_module.dump();
  return parsed;
}

}  // namespace troupe::node
