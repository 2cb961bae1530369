#include <nlohmann/json.hpp>

#include "operator/control/cluster_reconciler.hpp"
#include "operator/resource/status.hpp"

namespace troupe::control {

using nlohmann::json;

const json& status_of(const kube::Object& object) {
  static const json nothing;
  const auto it = object.json().find("status");
  return it == object.json().end() ? nothing : *it;
}

json status_patch(const kube::Object& object, const json& wanted) {
  const json& before = status_of(object);
  json difference = resource::merge_patch(before.is_object() ? before : json::object(), wanted);
  if (difference.empty()) {
    return nullptr;
  }
  return {{"metadata", {{"uid", object.uid()}, {"resourceVersion", object.resource_version()}}},
          {"status", std::move(difference)}};
}

}  // namespace troupe::control
