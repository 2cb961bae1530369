#include "operator/resource/status.hpp"

#include <nlohmann/json.hpp>

namespace troupe::resource {
namespace {

using nlohmann::json;

json previous_conditions(const json& previous) {
  return previous.is_object() ? previous.value("conditions", json::array()) : json::array();
}

}  // namespace

json status_document(const ClusterStatus& status, const json& previous, WallTime now) {
  return {{"observedGeneration", status.observed_generation},
          {"replicas", status.replicas},
          {"readyReplicas", status.ready_replicas},
          {"joinedReplicas", status.joined_replicas},
          {"selector", status.selector},
          {"currentRevision", status.current_revision},
          {"updateRevision", status.update_revision},
          {"conditions",
           conditions_document(previous_conditions(previous), status.conditions, status.observed_generation, now)}};
}

json status_document(const ApplicationStatus& status, const json& previous, WallTime now) {
  json versions = json::array();
  for (const auto& [version, members] : status.members_by_version) {
    versions.push_back({{"version", version}, {"members", members}});
  }
  return {{"observedGeneration", status.observed_generation},
          {"versions", std::move(versions)},
          {"conditions",
           conditions_document(previous_conditions(previous), status.conditions, status.observed_generation, now)}};
}

json merge_patch(const json& from, const json& to) {
  json patch = json::object();
  for (const auto& [key, value] : to.items()) {
    const auto before = from.find(key);
    if (before == from.end()) {
      patch[key] = value;
    } else if (value.is_object() && before->is_object()) {
      if (json inner = merge_patch(*before, value); !inner.empty()) {
        patch[key] = std::move(inner);
      }
    } else if (*before != value) {
      patch[key] = value;
    }
  }
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) {
      patch[key] = nullptr;
    }
  }
  return patch;
}

}  // namespace troupe::resource
