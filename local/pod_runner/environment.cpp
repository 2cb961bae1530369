#include "local/pod_runner/environment.hpp"

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

std::string at(const json& document, const char* pointer) {
  const json::json_pointer where(pointer);
  return document.contains(where) && document.at(where).is_string() ? document.at(where).get<std::string>() : "";
}

/// "metadata.labels['key']" -> key; nothing when `path` has another form.
std::optional<std::string> subscript(const std::string& path, const std::string& prefix) {
  const std::string opening = prefix + "['";
  if (path.size() > opening.size() + 2 && path.starts_with(opening) && path.ends_with("']")) {
    return path.substr(opening.size(), path.size() - opening.size() - 2);
  }
  return std::nullopt;
}

Result<std::optional<std::string>> resolve_source(const EnvSource& source, const EnvLookup& lookup) {
  switch (source.kind) {
    case EnvSource::Kind::value:
      return std::optional<std::string>(source.value);
    case EnvSource::Kind::field: {
      auto value = resolve_field(source.value, lookup);
      if (!value) {
        return value.error();
      }
      return std::optional<std::string>(std::move(*value));
    }
    case EnvSource::Kind::secret_key:
      return lookup.secret_key(source.object, source.key);
    case EnvSource::Kind::config_map_key:
      return lookup.config_map_key(source.object, source.key);
  }
  return std::optional<std::string>();
}

}  // namespace

Result<std::string> resolve_field(const std::string& path, const EnvLookup& lookup) {
  if (path == "status.podIP") {
    return lookup.pod_ip;
  }
  if (path == "status.hostIP") {
    return lookup.host_ip;
  }
  for (const auto& [known, pointer] : {std::pair{"metadata.name", "/metadata/name"},
                                       {"metadata.namespace", "/metadata/namespace"},
                                       {"metadata.uid", "/metadata/uid"},
                                       {"spec.nodeName", "/spec/nodeName"},
                                       {"spec.serviceAccountName", "/spec/serviceAccountName"}}) {
    if (path == known) {
      return at(*lookup.pod, pointer);
    }
  }
  for (const char* map : {"labels", "annotations"}) {
    if (const auto key = subscript(path, std::string("metadata.") + map)) {
      const json& metadata = lookup.pod->at("metadata");
      return metadata.contains(map) && metadata[map].contains(*key) ? metadata[map][*key].get<std::string>()
                                                                    : std::string();
    }
  }
  return Error{ErrorCode::unsupported, "fieldRef " + path + ": this node does not know that field"};
}

std::string expand_references(const std::string& text, const std::map<std::string, std::string>& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const std::size_t closing = text[i + 1] == '(' ? text.find(')', i) : std::string::npos;
    const auto found =
        closing == std::string::npos ? variables.end() : variables.find(text.substr(i + 2, closing - i - 2));
    if (found == variables.end()) {
      out += '$';
      continue;
    }
    out += found->second;
    i = closing;
  }
  return out;
}

Result<std::map<std::string, std::string>> resolve_environment(const ContainerSpec& container,
                                                               const EnvLookup& lookup) {
  std::map<std::string, std::string> variables;
  for (const EnvSource& source : container.env) {
    auto value = resolve_source(source, lookup);
    if (!value) {
      return value.error().in("env " + source.name);
    }
    if (!value->has_value()) {
      if (source.optional) {
        continue;
      }
      const char* kind = source.kind == EnvSource::Kind::secret_key ? "secret" : "configmap";
      return Error{ErrorCode::not_found, "env " + source.name + ": " + kind + " \"" + source.object +
                                             "\" has no key \"" + source.key + "\" or does not exist"};
    }
    variables[source.name] =
        source.kind == EnvSource::Kind::value ? expand_references(**value, variables) : std::move(**value);
  }
  return variables;
}

}  // namespace troupe::local
