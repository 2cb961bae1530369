#include "operator/desired/owner.hpp"

#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"

namespace troupe::desired {

using nlohmann::json;
namespace contract = pod_contract;

Owner owner_of(const resource::Cluster& cluster) {
  return {cluster.metadata.name, cluster.metadata.namespace_name, cluster.metadata.uid};
}

std::string pod_name(const Owner& owner, int ordinal) { return owner.name + "-" + std::to_string(ordinal); }

std::optional<int> ordinal_of(const Owner& owner, std::string_view name) {
  constexpr std::size_t digits_max = 9;
  const std::string prefix = owner.name + "-";
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  if (name.empty() || name.size() > digits_max || (name.front() == '0' && name.size() > 1)) {
    return std::nullopt;
  }
  int ordinal = 0;
  for (const char digit : name) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    ordinal = ordinal * 10 + (digit - '0');
  }
  return ordinal;
}

std::string service_name(const Owner& owner) { return owner.name; }
std::string worker_account_name(const Owner& owner) { return owner.name + "-worker"; }
std::string cookie_secret_name(const Owner& owner) { return owner.name + "-cookie"; }
std::string disruption_budget_name(const Owner& owner) { return owner.name; }
std::string controller_revision_name(const Owner& owner, std::string_view revision) {
  return owner.name + "-" + std::string(revision);
}

json common_labels(const Owner& owner) {
  return {{std::string(contract::cluster_label), owner.name},
          {"app.kubernetes.io/name", "troupe"},
          {"app.kubernetes.io/instance", owner.name},
          {std::string(contract::managed_by_label), contract::managed_by_operator}};
}

json worker_selector(const Owner& owner) {
  return {{std::string(contract::cluster_label), owner.name},
          {std::string(contract::component_label), contract::component_worker}};
}

std::string worker_selector_text(const Owner& owner) {
  return std::string(contract::component_label) + "=" + std::string(contract::component_worker) + "," +
         std::string(contract::cluster_label) + "=" + owner.name;
}

json owned_metadata(const Owner& owner, const std::string& name) {
  return {{"name", name},
          {"namespace", owner.namespace_name},
          {"labels", common_labels(owner)},
          {"ownerReferences", json::array({{{"apiVersion", contract::api_group_version},
                                            {"kind", "TroupeCluster"},
                                            {"name", owner.name},
                                            {"uid", owner.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", true}}})}};
}

bool is_owned(const Owner& owner, const json& document) {
  static const json::json_pointer pointer("/metadata/ownerReferences");
  if (!document.is_object() || !document.contains(pointer) || !document.at(pointer).is_array()) {
    return false;
  }
  for (const json& reference : document.at(pointer)) {
    if (reference.is_object() && reference.value("controller", json()) == json(true) &&
        reference.value("uid", json()) == json(owner.uid)) {
      return true;
    }
  }
  return false;
}

}  // namespace troupe::desired
