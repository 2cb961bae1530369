#include "local/api/kind_rules.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "local/api/built_in_crds.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/pod_rules.hpp"
#include "local/api/schema.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

void preset(json& object, const char* field, json value) {
  auto found = object.find(field);
  if (found == object.end() || found->is_null()) {
    object[field] = std::move(value);
  }
}

void default_service(json& service) {
  preset(service, "spec", json::object());
  json& spec = service["spec"];
  if (!spec.is_object()) {
    return;
  }
  preset(spec, "type", "ClusterIP");
  preset(spec, "sessionAffinity", "None");
  if (spec.value("type", json()) != "ExternalName") {
    preset(spec, "internalTrafficPolicy", "Cluster");
    preset(spec, "ipFamilies", json::array({"IPv4"}));
    preset(spec, "ipFamilyPolicy", "SingleStack");
  }
  if (spec.value("clusterIP", json()) == "None") {
    preset(spec, "clusterIPs", json::array({"None"}));
  }
  if (spec.contains("ports") && spec["ports"].is_array()) {
    for (json& port : spec["ports"]) {
      if (port.is_object()) {
        preset(port, "protocol", "TCP");
        preset(port, "targetPort", port.value("port", json(0)));
      }
    }
  }
}

void default_secret(json& secret) {
  preset(secret, "type", "Opaque");
  auto plain = secret.find("stringData");
  if (plain != secret.end() && plain->is_object()) {
    preset(secret, "data", json::object());
    for (const auto& [key, value] : plain->items()) {
      if (value.is_string()) {
        secret["data"][key] = base64_encoded(value.get<std::string>());
      }
    }
    secret.erase("stringData");
  }
}

void default_rbac_binding(json& binding) {
  auto role = binding.find("roleRef");
  if (role != binding.end() && role->is_object()) {
    preset(*role, "apiGroup", "rbac.authorization.k8s.io");
  }
  auto subjects = binding.find("subjects");
  if (subjects != binding.end() && subjects->is_array()) {
    for (json& subject : *subjects) {
      if (subject.is_object() && subject.value("kind", json()) != "ServiceAccount") {
        preset(subject, "apiGroup", "rbac.authorization.k8s.io");
      }
    }
  }
}

void check_config_data(const json& object, const json& before, std::vector<StatusCause>& causes) {
  if (before.value("immutable", json(false)) != true) {
    return;
  }
  for (const char* field : {"data", "binaryData", "immutable"}) {
    if (object.value(field, json()) != before.value(field, json())) {
      causes.push_back(forbidden_cause(field, "field is immutable when `immutable` is set"));
    }
  }
}

void immutable(const char* path, const json& object, const json& before, std::vector<StatusCause>& causes) {
  const json::json_pointer pointer(path);
  const json now = object.contains(pointer) ? object[pointer] : json();
  const json then = before.contains(pointer) ? before[pointer] : json();
  if (now != then) {
    std::string field(path + 1);
    std::ranges::replace(field, '/', '.');
    causes.push_back(invalid_cause(field, now.dump(), "field is immutable"));
  }
}

bool is_data_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..") &&
         std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

// Keys become file names, and the whole must fit into an object.
void check_data(const json& object, std::vector<StatusCause>& causes) {
  constexpr std::size_t data_bytes_max = 1024 * 1024;
  std::size_t total = 0;
  for (const char* field : {"data", "binaryData"}) {
    const json data = object.value(field, json::object());
    for (const auto& [key, value] : data.items()) {
      total += value.get_ref<const std::string&>().size();
      if (!is_data_key(key)) {
        causes.push_back(invalid_cause(
            std::string(field) + "[" + key + "]", json(key).dump(),
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
      }
    }
  }
  if (total > data_bytes_max) {
    causes.push_back(
        {"FieldValueTooLong", "Too long: may not be more than " + std::to_string(data_bytes_max) + " bytes", ""});
  }
}

std::vector<StatusCause> validate_any(const json& object, const ResourceEntry& resource) {
  if (const json* schema = custom_schema(resource)) {
    return validate_against(object, *schema);
  }
  std::vector<StatusCause> causes;
  if (resource.storage == Storage::pods) {
    return validate_pod(object);
  }
  if (resource.storage == Storage::secrets || resource.storage == Storage::config_maps) {
    check_data(object, causes);
  }
  return causes;
}

}  // namespace

void apply_kind_defaults(json& object, const ResourceEntry& resource) {
  if (const json* schema = custom_schema(resource)) {
    apply_defaults(object, *schema);
    return;
  }
  switch (resource.storage) {
    case Storage::pods:
      apply_pod_defaults(object);
      break;
    case Storage::services:
      default_service(object);
      break;
    case Storage::secrets:
      default_secret(object);
      break;
    case Storage::role_bindings:
    case Storage::cluster_role_bindings:
      default_rbac_binding(object);
      break;
    case Storage::namespaces:
      // The real server labels every namespace with its name, so that label selectors can name it.
      object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"].value("name", std::string());
      break;
    default:
      break;
  }
}

ApiResult<void> check_value_types(const json& object, const ResourceEntry& resource) {
  auto refused = [&](std::string_view field, std::string_view type) {
    return bad_request(std::string(resource.kind) + " in version \"" + std::string(resource.version) +
                       "\" cannot be handled as a " + std::string(resource.kind) +
                       ": json: cannot unmarshal into Go struct field " + std::string(resource.kind) + "." +
                       std::string(field) + " of type " + std::string(type));
  };
  const bool config = resource.storage == Storage::config_maps;
  if (!config && resource.storage != Storage::secrets) {
    for (const char* field : {"spec", "status"}) {
      const json part = resource.custom ? json() : object.value(field, json());
      if (!part.is_null() && !part.is_object()) {
        return refused(field, std::string(resource.kind) + "Spec");
      }
    }
    return {};
  }
  for (const char* field : {"data", "stringData", "binaryData"}) {
    const json data = object.value(field, json());
    const bool bytes = std::string_view(field) == (config ? "binaryData" : "data");
    const bool fits =
        data.is_null() || (data.is_object() && std::ranges::all_of(data, [&](const json& value) {
                             return value.is_null() ||
                                    (value.is_string() && (!bytes || base64_decoded(value.get<std::string>())));
                           }));
    if (!fits) {
      return refused(field, bytes ? "[]uint8" : "string");
    }
  }
  return {};
}

void prepare_new(json& object, const ResourceEntry& resource) {
  if (resource.has_status && resource.storage != Storage::nodes) {
    object.erase("status");
  }
  switch (resource.storage) {
    case Storage::pods:
      object["status"] = first_pod_status(object);
      break;
    case Storage::namespaces:
      object["spec"]["finalizers"] = json::array({"kubernetes"});
      object["status"] = json{{"phase", "Active"}};
      break;
    case Storage::services:
      object["status"] = json{{"loadBalancer", json::object()}};
      break;
    default:
      break;
  }
}

void prepare_update(json& object, const json& before, const ResourceEntry& resource, std::string_view subresource) {
  auto keep = [&](const char* field) {
    if (before.contains(field)) {
      object[field] = before[field];
    } else {
      object.erase(field);
    }
  };
  if (subresource == "status") {
    json status = object.value("status", json());
    object = before;
    object.erase("status");
    if (!status.is_null()) {
      object["status"] = std::move(status);
    }
    return;
  }
  if (resource.has_status) {
    keep("status");
  }
  if (resource.storage == Storage::namespaces) {
    keep("spec");
  }
}

std::vector<StatusCause> validate_new(const json& object, const ResourceEntry& resource) {
  return validate_any(object, resource);
}

std::vector<StatusCause> validate_update(const json& object, const json& before, const ResourceEntry& resource,
                                         std::string_view subresource) {
  if (resource.storage == Storage::pods) {
    return subresource == "status" ? std::vector<StatusCause>{} : validate_pod_update(object, before);
  }
  std::vector<StatusCause> causes = validate_any(object, resource);
  switch (resource.storage) {
    case Storage::secrets:
      immutable("/type", object, before, causes);
      check_config_data(object, before, causes);
      break;
    case Storage::config_maps:
      check_config_data(object, before, causes);
      break;
    case Storage::role_bindings:
    case Storage::cluster_role_bindings:
      if (object.value("roleRef", json()) != before.value("roleRef", json())) {
        causes.push_back(invalid_cause("roleRef", object.value("roleRef", json()).dump(), "cannot change roleRef"));
      }
      break;
    case Storage::controller_revisions:
      immutable("/data", object, before, causes);
      break;
    default:
      break;
  }
  return causes;
}

bool intent_differs(const json& object, const json& before) {
  auto intent = [](json document) {
    for (const char* field : {"metadata", "status", "apiVersion", "kind"}) {
      document.erase(field);
    }
    return document;
  };
  return intent(object) != intent(before);
}

}  // namespace troupe::local
