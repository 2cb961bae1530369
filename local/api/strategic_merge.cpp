// apply_strategic_merge_patch: see patch.hpp. Merge keys are those of the patchMergeKey tags in k8s.io/api.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "local/api/patch.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr std::string_view order_prefix = "$setElementOrder/";

struct Refusal {
  std::string what;
};
using Outcome = std::optional<Refusal>;  // Empty: merged.

std::string join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

// "" for a list that is replaced whole; nothing for a list that is not known.
std::optional<std::string> merge_key(const std::string& path, const std::string& list) {
  static const std::vector<std::pair<std::string_view, std::string_view>> keys{{"containers", "name"},
                                                                               {"initContainers", "name"},
                                                                               {"ephemeralContainers", "name"},
                                                                               {"volumes", "name"},
                                                                               {"env", "name"},
                                                                               {"imagePullSecrets", "name"},
                                                                               {"secrets", "name"},
                                                                               {"volumeMounts", "mountPath"},
                                                                               {"volumeDevices", "devicePath"},
                                                                               {"conditions", "type"},
                                                                               {"addresses", "type"},
                                                                               {"ownerReferences", "uid"},
                                                                               {"hostAliases", "ip"},
                                                                               {"podIPs", "ip"},
                                                                               {"containerStatuses", ""},
                                                                               {"initContainerStatuses", ""},
                                                                               {"tolerations", ""},
                                                                               {"rules", ""},
                                                                               {"subjects", ""},
                                                                               {"taints", ""},
                                                                               {"images", ""},
                                                                               {"envFrom", ""},
                                                                               {"items", ""},
                                                                               {"matchExpressions", ""},
                                                                               {"subsets", ""}};
  if (list == "ports") {
    return path == "spec" ? "port" : "containerPort";
  }
  auto found = std::ranges::find(keys, list, &std::pair<std::string_view, std::string_view>::first);
  return found == keys.end() ? std::nullopt : std::optional(std::string(found->second));
}

bool holds_objects(const json& list) {
  return std::ranges::any_of(list, [](const json& item) { return item.is_object(); });
}

// Items that `order` names take its order, in the places where such items stood; the others stay where they are.
void reorder(json& list, const json& order, const std::string& key) {
  auto rank = [&](const json& item) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool same = key.empty() || !item.is_object() || !order[i].is_object()
                            ? item == order[i]
                            : item.contains(key) && order[i].contains(key) && item[key] == order[i][key];
      if (same) {
        return i;
      }
    }
    return std::nullopt;
  };
  std::vector<json> ranked;
  for (const json& item : list) {
    if (rank(item)) {
      ranked.push_back(item);
    }
  }
  std::ranges::stable_sort(ranked, {}, [&](const json& item) { return *rank(item); });
  std::size_t next = 0;
  for (json& item : list) {
    if (rank(item)) {
      item = ranked[next++];
    }
  }
}

Outcome merge_map(json& target, const json& patch, const std::string& path);

Outcome merge_keyed_list(json& target, const json& patch, const std::string& path, const std::string& key) {
  for (const json& item : patch) {
    if (!item.is_object() || !item.contains(key)) {
      return Refusal{path + " without the merge key " + key};
    }
    auto same = std::ranges::find_if(
        target, [&](const json& one) { return one.is_object() && one.contains(key) && one[key] == item[key]; });
    if (auto directive = item.find("$patch"); directive != item.end()) {
      if (*directive != "delete") {
        return Refusal{path + " with $patch: " + directive->dump()};
      }
      if (same != target.end()) {
        target.erase(same);
      }
      continue;
    }
    json merged = same == target.end() ? json::object() : *same;
    if (Outcome refused = merge_map(merged, item, path)) {
      return refused;
    }
    if (same == target.end()) {
      target.push_back(std::move(merged));
    } else {
      *same = std::move(merged);
    }
  }
  return std::nullopt;
}

Outcome merge_list(json& owner, const std::string& name, const json& patch, const std::string& path) {
  json& target = owner[name];
  if (!target.is_array()) {
    target = json::array();
  }
  const std::string here = join(path, name);
  if (here == "metadata.finalizers" || here == "spec.podCIDRs") {
    for (const json& item : patch) {
      if (std::ranges::find(target, item) == target.end()) {
        target.push_back(item);
      }
    }
    return std::nullopt;
  }
  if (!holds_objects(patch) && !holds_objects(target)) {
    target = patch;
    return std::nullopt;
  }
  const std::optional<std::string> key = merge_key(path, name);
  if (!key) {
    return Refusal{here + ", a list whose merge key is not known here"};
  }
  if (key->empty()) {
    target = patch;
    return std::nullopt;
  }
  return merge_keyed_list(target, patch, here, *key);
}

Outcome merge_map(json& target, const json& patch, const std::string& path) {
  for (const auto& [name, value] : patch.items()) {
    if (name.starts_with("$")) {
      if (!name.starts_with(order_prefix) || !value.is_array()) {
        return Refusal{join(path, name)};
      }
      continue;  // Applied below, once the list is what it will be.
    }
    Outcome refused;
    if (value.is_null()) {
      target.erase(name);
    } else if (value.is_object()) {
      json& below = target[name];
      if (!below.is_object()) {
        below = json::object();
      }
      refused = merge_map(below, value, join(path, name));
    } else if (value.is_array()) {
      refused = merge_list(target, name, value, path);
    } else {
      target[name] = value;
    }
    if (refused) {
      return refused;
    }
  }
  for (const auto& [name, value] : patch.items()) {
    const std::string list = name.starts_with(order_prefix) ? name.substr(order_prefix.size()) : "";
    if (!list.empty() && target.contains(list) && target[list].is_array()) {
      reorder(target[list], value, merge_key(path, list).value_or(""));
    }
  }
  return std::nullopt;
}

}  // namespace

ApiResult<json> apply_strategic_merge_patch(const json& object, const json& patch) {
  if (!patch.is_object()) {
    return bad_request("a strategic merge patch must be a JSON object");
  }
  json result = object;
  if (Outcome refused = merge_map(result, patch, "")) {
    return unsupported_media_type("this local API server cannot apply a strategic merge patch of " + refused->what +
                                  ": send a merge patch or a JSON patch instead");
  }
  return result;
}

}  // namespace troupe::local
