#include "operator/desired/pod_template.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace troupe::desired {
namespace {

using nlohmann::json;

struct KeyedList {
  std::string_view list;
  std::string_view key;
};
constexpr std::array keyed_lists{
    KeyedList{"containers", "name"},
    KeyedList{"initContainers", "name"},
    KeyedList{"env", "name"},
    KeyedList{"volumes", "name"},
    KeyedList{"imagePullSecrets", "name"},
    KeyedList{"volumeMounts", "mountPath"},
    KeyedList{"ports", "containerPort"},
    KeyedList{"topologySpreadConstraints", "topologyKey"},
    KeyedList{"hostAliases", "ip"},
};

void merge_value(json& base, std::string_view name, const json& over);

void merge_object(json& base, const json& over) {
  if (!base.is_object()) {
    base = json::object();
  }
  for (const auto& [key, value] : over.items()) {
    if (!value.is_null()) {
      merge_value(base[key], key, value);
    }
  }
}

json* find_by_key(json& list, std::string_view key, const json& item) {
  if (!item.is_object() || !item.contains(key)) {
    return nullptr;
  }
  for (json& candidate : list) {
    if (candidate.is_object() && candidate.contains(key) && candidate[std::string(key)] == item[std::string(key)]) {
      return &candidate;
    }
  }
  return nullptr;
}

void merge_list(json& base, std::string_view name, const json& over) {
  for (const KeyedList& keyed : keyed_lists) {
    if (keyed.list != name) {
      continue;
    }
    for (const json& item : over) {
      if (json* same = find_by_key(base, keyed.key, item)) {
        merge_object(*same, item);
      } else {
        base.push_back(item);
      }
    }
    return;
  }
  if (name == "tolerations") {
    base.insert(base.end(), over.begin(), over.end());
  } else {
    base = over;
  }
}

void merge_value(json& base, std::string_view name, const json& over) {
  if (over.is_object()) {
    merge_object(base, over);
  } else if (over.is_array() && base.is_array()) {
    merge_list(base, name, over);
  } else {
    base = over;
  }
}

}  // namespace

void merge_pod_template(json& pod, const json& pod_template) {
  for (const char* part : {"metadata", "spec"}) {
    if (const auto over = pod_template.find(part); over != pod_template.end() && over->is_object()) {
      merge_object(pod[part], *over);
    }
  }
}

}  // namespace troupe::desired
