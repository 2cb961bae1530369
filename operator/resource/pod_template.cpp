#include "operator/resource/pod_template.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/resource/field_reader.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;
namespace contract = pod_contract;

constexpr std::size_t list_items_max = 64;
constexpr std::size_t name_characters_max = 253;
constexpr std::size_t label_value_characters_max = 63;

struct Refused {
  std::string_view key;
  std::string_view reason;
};

constexpr std::array refused_in_spec{
    Refused{"restartPolicy", "is the operator's: Always"},
    Refused{"serviceAccountName", "is the operator's: the worker's rights are bound to it"},
    Refused{"serviceAccount", "is the operator's: the worker's rights are bound to it"},
    Refused{"terminationGracePeriodSeconds", "follows spec.drain.timeoutSeconds"},
    Refused{"hostname", "is the operator's"},
    Refused{"subdomain", "is the operator's"},
    Refused{"nodeName", "would bypass the scheduler; use nodeSelector or affinity"},
    Refused{"ephemeralContainers", "cannot be part of a template"},
};

constexpr std::array refused_in_worker{
    Refused{"image", "is spec.image"},
    Refused{"command", "is the operator's"},
    Refused{"args", "is the operator's"},
    Refused{"resources", "is spec.resources"},
    Refused{"startupProbe", "is the operator's"},
    Refused{"readinessProbe", "is the operator's"},
    Refused{"livenessProbe", "is the operator's"},
};

template <std::size_t N>
void refuse(FieldReader& reader, const std::array<Refused, N>& refused) {
  for (const Refused& one : refused) {
    if (reader.has(one.key)) {
      reader.fail(one.key, std::string(one.reason));
    }
  }
}

bool is_operators_key(std::string_view key) {
  return key.starts_with(std::string(contract::api_group) + "/") || key == contract::component_label ||
         key == contract::managed_by_label;
}

void validate_metadata(FieldReader reader, const json& metadata, FieldErrors& errors) {
  if (!metadata.is_object()) {
    return;
  }
  for (const auto& [key, value] : metadata.items()) {
    if (key != "labels" && key != "annotations") {
      reader.fail(key, "is the operator's; only labels and annotations may be given");
    }
  }
  for (const std::string_view map : {"labels", "annotations"}) {
    for (const auto& [key, value] : reader.raw_object(map).items()) {
      if (is_operators_key(key)) {
        add_error(errors, reader.path_of(map) + "[" + key + "]", "is the operator's");
      } else if (!value.is_string()) {
        add_error(errors, reader.path_of(map) + "[" + key + "]", "must be a string");
      } else if (map == "labels" && value.get_ref<const std::string&>().size() > label_value_characters_max) {
        add_error(errors, reader.path_of(map) + "[" + key + "]", "must be at most 63 characters long");
      }
    }
  }
}

void validate_worker_container(FieldReader reader, FieldErrors& errors) {
  refuse(reader, refused_in_worker);
  for (const json* item : reader.list("env", list_items_max)) {
    FieldReader variable(*item, reader.path_of("env[]"), errors);
    if (variable.required_text("name", name_characters_max).starts_with("TROUPE_")) {
      variable.fail("name", "must not start with TROUPE_: those are the operator's");
    }
  }
  for (const json* item : reader.list("ports", list_items_max)) {
    FieldReader port(*item, reader.path_of("ports[]"), errors);
    const std::int64_t number = port.integer("containerPort", 0, 1, 65535);
    const std::string name = port.text("name", 15).value_or("");
    if (number == contract::epmd_port || number == contract::distribution_port || number == contract::http_port ||
        name == contract::epmd_port_name || name == contract::distribution_port_name ||
        name == contract::http_port_name) {
      port.fail("containerPort", "is taken by the worker; choose another number and name");
    }
  }
}

void validate_containers(FieldReader& spec, std::string_view key, FieldErrors& errors) {
  for (const json* item : spec.list(key, list_items_max)) {
    FieldReader container(*item, spec.path_of(key) + "[]", errors);
    const std::string name = container.required_text("name", name_characters_max);
    FieldReader named(*item, spec.path_of(key) + "[" + name + "]", errors);
    if (name == contract::worker_container_name) {
      if (key == "containers") {
        validate_worker_container(named, errors);
      } else {
        named.fail("name", "is the worker's own; choose another");
      }
    } else if (key == "containers" || key == "initContainers") {
      named.required_text("image", 1024);
    }
  }
}

}  // namespace

void validate_pod_template(const json& pod_template, const std::string& path, FieldErrors& errors) {
  FieldReader reader(pod_template, path, errors);
  if (pod_template.is_object()) {
    for (const auto& [key, value] : pod_template.items()) {
      if (key != "metadata" && key != "spec") {
        reader.fail(key, "is not a field of a pod template");
      }
    }
    if (pod_template.contains("metadata")) {
      validate_metadata(reader.object("metadata"), pod_template["metadata"], errors);
    }
  }
  FieldReader spec = reader.object("spec");
  refuse(spec, refused_in_spec);
  if (spec.boolean("hostNetwork", false)) {
    spec.fail("hostNetwork", "is refused: each worker needs an IP of its own for its node name and ports");
  }
  validate_containers(spec, "containers", errors);
  validate_containers(spec, "initContainers", errors);
  for (const std::string_view named : {"volumes", "imagePullSecrets"}) {
    for (const json* item : spec.list(named, list_items_max)) {
      FieldReader(*item, spec.path_of(named) + "[]", errors).required_text("name", name_characters_max);
    }
  }
}

}  // namespace troupe::resource
