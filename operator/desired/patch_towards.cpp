#include <nlohmann/json.hpp>

#include "operator/desired/plan.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;

/// Whether `observed` says everything that `wanted` says.
bool holds(const json& observed, const json& wanted) {
  if (wanted.is_object()) {
    if (!observed.is_object()) {
      return false;
    }
    for (const auto& [key, value] : wanted.items()) {
      const auto it = observed.find(key);
      if (it == observed.end() || !holds(*it, value)) {
        return false;
      }
    }
    return true;
  }
  if (wanted.is_array()) {
    if (!observed.is_array() || observed.size() != wanted.size()) {
      return false;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!holds(observed[i], wanted[i])) {
        return false;
      }
    }
    return true;
  }
  return observed == wanted;
}

json difference(const json& observed, const json& wanted) {
  json patch = json::object();
  for (const auto& [key, value] : wanted.items()) {
    const auto it = observed.find(key);
    if (it != observed.end() && holds(*it, value)) {
      continue;
    }
    const bool deeper = value.is_object() && it != observed.end() && it->is_object();
    patch[key] = deeper ? difference(*it, value) : value;
  }
  return patch;
}

}  // namespace

resource::Document patch_towards(const json& observed, const json& wanted) {
  if (!observed.is_object() || holds(observed, wanted)) {
    return nullptr;
  }
  json patch = difference(observed, wanted);
  const json metadata = observed.value("metadata", json::object());
  patch["metadata"]["uid"] = metadata.value("uid", json(""));
  patch["metadata"]["resourceVersion"] = metadata.value("resourceVersion", json(""));
  return std::make_shared<json>(std::move(patch));
}

}  // namespace troupe::desired
