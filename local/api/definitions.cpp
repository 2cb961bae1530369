#include "local/api/definitions.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/api/built_in_crds.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json field(std::string_view type, std::string_view description) {
  return {{"type", type}, {"description", description}};
}

json string_map(std::string_view description) {
  return {{"type", "object"}, {"description", description}, {"additionalProperties", {{"type", "string"}}}};
}

json list_of(json items, std::string_view description) {
  return {{"type", "array"}, {"description", description}, {"items", std::move(items)}};
}

// The parts of a group's name in reverse, as Kubernetes names its definitions.
std::string reversed(std::string group) {
  std::string out;
  while (true) {
    const std::size_t dot = group.rfind('.');
    out += (out.empty() ? "" : ".") + group.substr(dot == std::string::npos ? 0 : dot + 1);
    if (dot == std::string::npos) {
      return out;
    }
    group.resize(dot);
  }
}

json owner_reference_schema() {
  return {
      {"type", "object"},
      {"properties",
       {{"apiVersion", field("string", "API version of the owner.")},
        {"kind", field("string", "Kind of the owner.")},
        {"name", field("string", "Name of the owner.")},
        {"uid", field("string", "UID of the owner.")},
        {"controller", field("boolean", "Whether the owner is the managing controller.")},
        {"blockOwnerDeletion", field("boolean", "Whether foreground deletion of the owner waits for this object.")}}}};
}

}  // namespace

std::string definition_name(const ResourceEntry& resource) {
  const std::string end = "." + std::string(resource.version) + "." + std::string(resource.kind);
  if (resource.custom) {
    return reversed(std::string(resource.group)) + end;
  }
  const std::string group =
      resource.group.empty() ? "core" : std::string(resource.group.substr(0, resource.group.find('.')));
  return "io.k8s.api." + group + end;
}

json definition_of(const ResourceEntry& resource) {
  json schema;
  if (const json* custom = custom_schema(resource)) {
    schema = *custom;
  } else {
    schema = field("object", std::string(resource.kind) +
                                 " as Kubernetes defines it; this local API server keeps its "
                                 "fields as they are sent.");
    for (std::string_view name : built_in_fields(resource.storage)) {
      schema["properties"][std::string(name)] = {
          {"description", std::string(name) + " of the " + std::string(resource.kind) + "."},
          {"x-kubernetes-preserve-unknown-fields", true}};
    }
  }
  json& properties = schema["properties"];
  properties["apiVersion"] =
      field("string", "Version of the schema of this object, for example " + resource.group_version() + ".");
  properties["kind"] = field("string", "Kind of this object: " + std::string(resource.kind) + ".");
  properties["metadata"] = {{"$ref", "ObjectMeta"}, {"description", "Standard object metadata."}};
  return schema;
}

json object_meta_schema() {
  json schema = field("object", "Metadata that every object has.");
  schema["properties"] = {
      {"name", field("string", "Unique within a namespace; cannot be changed.")},
      {"generateName", field("string", "Prefix for a name that the server makes unique.")},
      {"namespace", field("string", "Namespace of the object.")},
      {"labels", string_map("Keys and values to organize and select objects by.")},
      {"annotations", string_map("Keys and values for tools and libraries.")},
      {"finalizers", list_of({{"type", "string"}}, "Must be empty before the object goes.")},
      {"ownerReferences",
       list_of(owner_reference_schema(), "Objects this one depends on; it is deleted with the last.")},
      {"uid", field("string", "Unique in time and space; made by the server.")},
      {"resourceVersion", field("string", "Changes with every write; for optimistic concurrency and watches.")},
      {"generation", field("integer", "Counts changes of the desired state.")},
      {"creationTimestamp", field("string", "When the object was created.")},
      {"deletionTimestamp", field("string", "When the object will be gone.")},
      {"deletionGracePeriodSeconds", field("integer", "Seconds the object may take to end.")},
      {"selfLink", field("string", "No longer filled in.")},
      {"clusterName", field("string", "No longer filled in.")},
      {"managedFields", list_of({{"type", "object"}}, "Who wrote which field; not kept by this server.")}};
  return schema;
}

std::vector<std::string_view> built_in_fields(Storage storage) {
  switch (storage) {
    case Storage::config_maps:
      return {"data", "binaryData", "immutable"};
    case Storage::secrets:
      return {"data", "stringData", "type", "immutable"};
    case Storage::service_accounts:
      return {"secrets", "imagePullSecrets", "automountServiceAccountToken"};
    case Storage::events:
      return {
          "involvedObject", "reason", "message", "source",  "firstTimestamp",     "lastTimestamp",    "count", "type",
          "eventTime",      "series", "action",  "related", "reportingComponent", "reportingInstance"};
    case Storage::endpoints:
      return {"subsets"};
    case Storage::roles:
      return {"rules"};
    case Storage::cluster_roles:
      return {"rules", "aggregationRule"};
    case Storage::role_bindings:
    case Storage::cluster_role_bindings:
      return {"roleRef", "subjects"};
    case Storage::leases:
      return {"spec"};
    case Storage::controller_revisions:
      return {"data", "revision"};
    default:
      return {"spec", "status"};
  }
}

}  // namespace troupe::local
