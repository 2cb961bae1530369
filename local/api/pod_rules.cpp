#include "local/api/pod_rules.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace troupe::local {
namespace {

using nlohmann::json;

void preset(json& object, const char* field, json value) {
  auto found = object.find(field);
  if (found == object.end() || found->is_null()) {
    object[field] = std::move(value);
  }
}

json* member(json& object, const char* field) {
  auto found = object.find(field);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

void default_probe(json& probe) {
  if (!probe.is_object()) {
    return;
  }
  preset(probe, "timeoutSeconds", 1);
  preset(probe, "periodSeconds", 10);
  preset(probe, "successThreshold", 1);
  preset(probe, "failureThreshold", 3);
  if (json* get = member(probe, "httpGet"); get && get->is_object()) {
    preset(*get, "path", "/");
    preset(*get, "scheme", "HTTP");
  }
  if (json* grpc = member(probe, "grpc"); grpc && grpc->is_object()) {
    preset(*grpc, "service", "");
  }
}

std::string pull_policy(const std::string& image) {
  const std::size_t slash = image.rfind('/');
  const std::string last = slash == std::string::npos ? image : image.substr(slash + 1);
  if (last.find('@') != std::string::npos) {
    return "IfNotPresent";
  }
  const std::size_t colon = last.find(':');
  return colon == std::string::npos || last.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

void default_container(json& container) {
  if (!container.is_object()) {
    return;
  }
  preset(container, "terminationMessagePath", "/dev/termination-log");
  preset(container, "terminationMessagePolicy", "File");
  preset(container, "resources", json::object());
  preset(
      container, "imagePullPolicy",
      pull_policy(container.contains("image") && container["image"].is_string() ? container["image"].get<std::string>()
                                                                                : std::string()));
  if (json* ports = member(container, "ports"); ports && ports->is_array()) {
    for (json& port : *ports) {
      if (port.is_object()) {
        preset(port, "protocol", "TCP");
      }
    }
  }
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    if (json* found = member(container, probe)) {
      default_probe(*found);
    }
  }
  if (json* env = member(container, "env"); env && env->is_array()) {
    for (json& variable : *env) {
      json* from = variable.is_object() ? member(variable, "valueFrom") : nullptr;
      if (json* field = from && from->is_object() ? member(*from, "fieldRef") : nullptr; field && field->is_object()) {
        preset(*field, "apiVersion", "v1");
      }
    }
  }
  json& resources = container["resources"];
  if (json* limits = resources.is_object() ? member(resources, "limits") : nullptr; limits && limits->is_object()) {
    for (const auto& [name, amount] : limits->items()) {
      if (resources["requests"].is_null()) {
        resources["requests"] = json::object();
      }
      preset(resources["requests"], name.c_str(), amount);
    }
  }
}

void default_volume(json& volume) {
  if (!volume.is_object()) {
    return;
  }
  for (const char* kind : {"secret", "configMap", "projected", "downwardAPI"}) {
    if (json* source = member(volume, kind); source && source->is_object()) {
      preset(*source, "defaultMode", 420);
    }
  }
  json* projected = member(volume, "projected");
  json* sources = projected && projected->is_object() ? member(*projected, "sources") : nullptr;
  if (sources && sources->is_array()) {
    for (json& source : *sources) {
      if (json* token = source.is_object() ? member(source, "serviceAccountToken") : nullptr;
          token && token->is_object()) {
        preset(*token, "expirationSeconds", 3600);
      }
    }
  }
}

const json& empty_array() {
  static const json nothing = json::array();
  return nothing;
}

const json& array_of(const json& object, const char* field) {
  auto found = object.find(field);
  return found != object.end() && found->is_array() ? *found : empty_array();
}

std::string qos_class(const json& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const char* list : {"containers", "initContainers"}) {
    for (const json& container : array_of(spec, list)) {
      const json resources = container.value("resources", json::object());
      const json limits = resources.value("limits", json::object());
      const json requests = resources.value("requests", json::object());
      any = any || !limits.empty() || !requests.empty();
      guaranteed = guaranteed && limits.contains("cpu") && limits.contains("memory") &&
                   limits["cpu"] == requests.value("cpu", json()) &&
                   limits["memory"] == requests.value("memory", json());
    }
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

void check_containers(const json& spec, const std::string& list, std::vector<StatusCause>& causes,
                      std::set<std::string>& names) {
  const json& containers = array_of(spec, list.c_str());
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const json& container = containers[i];
    const std::string path = "spec." + list + "[" + std::to_string(i) + "]";
    auto text = [&](const char* field) {
      auto found = container.find(field);
      return found != container.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const std::string name = text("name");
    if (name.empty()) {
      causes.push_back(required_cause(path + ".name"));
    } else if (!names.insert(name).second) {
      causes.push_back({"FieldValueDuplicate", "Duplicate value: " + json(name).dump(), path + ".name"});
    }
    if (text("image").empty()) {
      causes.push_back(required_cause(path + ".image"));
    }
  }
}

// The parts of a spec that may change, taken from `before`, so that what is left must be equal.
json with_mutable_parts_of(json spec, const json& before) {
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !before.contains(list) || spec[list].size() != before[list].size()) {
      continue;
    }
    for (std::size_t i = 0; i < spec[list].size(); ++i) {
      if (before[list][i].contains("image")) {
        spec[list][i]["image"] = before[list][i]["image"];
      }
    }
  }
  for (const char* field : {"activeDeadlineSeconds", "tolerations"}) {
    spec.erase(field);
    if (before.contains(field)) {
      spec[field] = before[field];
    }
  }
  // -1 may become 1, the real server's repair of old pods.
  if (before.value("terminationGracePeriodSeconds", 0) < 0 && spec.value("terminationGracePeriodSeconds", 0) == 1) {
    spec["terminationGracePeriodSeconds"] = before["terminationGracePeriodSeconds"];
  }
  return spec;
}

}  // namespace

void apply_pod_defaults(json& pod) {
  if (!pod.contains("spec") || !pod["spec"].is_object()) {
    return;
  }
  json& spec = pod["spec"];
  preset(spec, "restartPolicy", "Always");
  preset(spec, "terminationGracePeriodSeconds", 30);
  preset(spec, "dnsPolicy", "ClusterFirst");
  preset(spec, "schedulerName", "default-scheduler");
  preset(spec, "securityContext", json::object());
  preset(spec, "enableServiceLinks", true);
  preset(spec, "serviceAccountName", "default");
  spec["serviceAccount"] = spec["serviceAccountName"];
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
    if (json* containers = member(spec, list); containers && containers->is_array()) {
      for (json& container : *containers) {
        default_container(container);
      }
    }
  }
  if (json* volumes = member(spec, "volumes"); volumes && volumes->is_array()) {
    for (json& volume : *volumes) {
      default_volume(volume);
    }
  }
}

json first_pod_status(const json& pod) {
  return json{{"phase", "Pending"}, {"qosClass", qos_class(pod.value("spec", json::object()))}};
}

std::vector<StatusCause> validate_pod(const json& pod) {
  std::vector<StatusCause> causes;
  if (!pod.contains("spec") || !pod["spec"].is_object()) {
    return {required_cause("spec")};
  }
  const json& spec = pod["spec"];
  if (array_of(spec, "containers").empty()) {
    causes.push_back(required_cause("spec.containers"));
  }
  std::set<std::string> names;
  check_containers(spec, "initContainers", causes, names);
  check_containers(spec, "containers", causes, names);
  const json policy = spec.value("restartPolicy", json("Always"));
  if (policy != "Always" && policy != "OnFailure" && policy != "Never") {
    causes.push_back(
        {"FieldValueNotSupported",
         "Unsupported value: " + policy.dump() + ": supported values: \"Always\", \"Never\", \"OnFailure\"",
         "spec.restartPolicy"});
  }
  const json grace = spec.value("terminationGracePeriodSeconds", json(30));
  if (!grace.is_number_integer() || grace.get<std::int64_t>() < 0) {
    causes.push_back(
        invalid_cause("spec.terminationGracePeriodSeconds", grace.dump(), "must be greater than or equal to 0"));
  }
  return causes;
}

std::vector<StatusCause> validate_pod_update(const json& pod, const json& before) {
  std::vector<StatusCause> causes = validate_pod(pod);
  if (!causes.empty()) {
    return causes;
  }
  const json old_spec = before.value("spec", json::object());
  if (with_mutable_parts_of(pod["spec"], old_spec) != old_spec) {
    causes.push_back(forbidden_cause(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
  }
  return causes;
}

std::int64_t pod_grace_seconds(const json& pod, const std::int64_t* asked) {
  const json spec = pod.value("spec", json::object());
  const json status = pod.value("status", json::object());
  const std::string phase = status.value("phase", std::string());
  if (!spec.contains("nodeName") || spec["nodeName"] == "" || phase == "Succeeded" || phase == "Failed") {
    return 0;
  }
  std::int64_t grace = spec.value("terminationGracePeriodSeconds", std::int64_t{30});
  if (asked != nullptr) {
    grace = *asked;
  }
  return grace < 0 ? 1 : grace;
}

}  // namespace troupe::local
