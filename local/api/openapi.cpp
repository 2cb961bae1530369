#include "local/api/openapi.hpp"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "local/api/definitions.hpp"
#include "local/api/discovery.hpp"
#include "local/api/openapi_v2.hpp"
#include "local/api/resource_table.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr std::string_view v2_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

json kind_of(const ResourceEntry& resource) {
  return {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}};
}

json patch_operation(const ResourceEntry& resource) {
  json parameters = json::array();
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"}) {
    const char* type = std::string_view(name) == "force" ? "boolean" : "string";
    parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", type}}}});
  }
  return {{"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "OK"}}}}},
          {"x-kubernetes-action", "patch"},
          {"x-kubernetes-group-version-kind", kind_of(resource)}};
}

std::string version_document(const std::string& group, const std::string& version) {
  json paths = json::object();
  json schemas = json::object();
  for (const ResourceEntry& resource : resource_table()) {
    if (resource.group != group || resource.version != version) {
      continue;
    }
    paths[resource.path_template()]["patch"] = patch_operation(resource);
    json schema = definition_of(resource);
    schema["properties"]["metadata"] = {
        {"description", schema["properties"]["metadata"]["description"]},
        {"default", json::object()},
        {"allOf", {{{"$ref", "#/components/schemas/" + std::string(object_meta_definition)}}}}};
    schema["x-kubernetes-group-version-kind"] = json::array({kind_of(resource)});
    schemas[definition_name(resource)] = std::move(schema);
  }
  schemas[std::string(object_meta_definition)] = object_meta_schema();
  return json{{"openapi", "3.0.0"},
              {"info", {{"title", "Troupe local API"}, {"version", "v1.32.0"}}},
              {"paths", std::move(paths)},
              {"components", {{"schemas", std::move(schemas)}}}}
      .dump();
}

// By path below /openapi/v3/: "api/v1", "apis/troupe.dev/v1alpha1".
const std::map<std::string, std::string>& version_documents() {
  static const std::map<std::string, std::string> documents = [] {
    std::map<std::string, std::string> made;
    for (const auto& [group, version] : served_versions()) {
      made[group.empty() ? "api/" + version : "apis/" + group + "/" + version] = version_document(group, version);
    }
    return made;
  }();
  return documents;
}

std::string index_document() {
  json paths = json::object();
  for (const auto& [path, text] : version_documents()) {
    // Clients cache each document under its hash.
    const std::string hash = std::to_string(std::hash<std::string>{}(text));
    paths[path] = {{"serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hash}};
  }
  return json{{"paths", std::move(paths)}}.dump();
}

}  // namespace

std::optional<Reply> openapi_document(const RequestTarget& target, std::string_view accept) {
  if (target.path == "/openapi/v2") {
    if (accept.find("com.github.proto-openapi.spec.v2") == std::string_view::npos) {
      return reply_to_error(not_acceptable("application/com.github.proto-openapi.spec.v2@v1.0+protobuf"));
    }
    return Reply{200, openapi_v2_document(), std::string(v2_type), {}};
  }
  if (target.path == "/openapi/v3") {
    return Reply{200, index_document(), "application/json", {}};
  }
  constexpr std::string_view prefix = "/openapi/v3/";
  if (!target.path.starts_with(prefix)) {
    return std::nullopt;
  }
  auto found = version_documents().find(target.path.substr(prefix.size()));
  if (found == version_documents().end()) {
    return std::nullopt;
  }
  return Reply{200, found->second, "application/json", {}};
}

}  // namespace troupe::local
