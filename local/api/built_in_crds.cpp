#include "local/api/built_in_crds.hpp"

#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "local/api/embedded_crds.hpp"
#include "local/api/schema.hpp"
#include "local/api/yaml_json.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json established(json crd) {
  json& spec = crd["spec"];
  spec["conversion"] = json{{"strategy", "None"}};
  json names = spec["names"];
  crd["status"] = json{{"acceptedNames", std::move(names)}, {"storedVersions", json::array()}};
  for (const json& version : spec["versions"]) {
    crd["status"]["storedVersions"].push_back(version["name"]);
  }
  for (auto [type, reason, message] :
       {std::tuple{"NamesAccepted", "NoConflicts", "no conflicts found"},
        {"Established", "InitialNamesAccepted", "the initial names have been accepted"}}) {
    crd["status"]["conditions"].push_back(
        {{"type", type}, {"status", "True"}, {"reason", reason}, {"message", message}});
  }
  return crd;
}

std::vector<json> load() {
  std::vector<json> crds;
  for (std::string_view text : embedded_crds) {
    Result<json> parsed = json_from_yaml(text);
    check(parsed.ok(), "crds/*.yaml as built in cannot be parsed");
    crds.push_back(established(std::move(*parsed)));
  }
  return crds;
}

const json* version_of(const ResourceEntry& resource) {
  if (!resource.custom) {
    return nullptr;
  }
  for (const json& crd : built_in_crds()) {
    if (crd["spec"]["names"]["kind"] == resource.kind) {
      return &crd["spec"]["versions"][0];
    }
  }
  check(false, "a custom kind of the resource table without a definition in crds/");
  return nullptr;
}

}  // namespace

const std::vector<json>& built_in_crds() {
  static const std::vector<json> crds = load();
  return crds;
}

const json* custom_schema(const ResourceEntry& resource) {
  const json* version = version_of(resource);
  return version == nullptr ? nullptr : &(*version)["schema"]["openAPIV3Schema"];
}

const json* printer_columns(const ResourceEntry& resource) {
  const json* version = version_of(resource);
  return version == nullptr || !version->contains("additionalPrinterColumns") ? nullptr
                                                                              : &(*version)["additionalPrinterColumns"];
}

bool has_unevaluated_rules(const ResourceEntry& resource) {
  const json* schema = custom_schema(resource);
  return schema != nullptr && has_cel_rules(*schema);
}

}  // namespace troupe::local
