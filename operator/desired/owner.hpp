// Whose objects these are, and how they are called.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "operator/resource/cluster.hpp"

namespace troupe::desired {

/// The TroupeCluster that owns what is built here.
struct Owner {
  std::string name;
  std::string namespace_name;
  std::string uid;
};
[[nodiscard]] Owner owner_of(const resource::Cluster& cluster);

[[nodiscard]] std::string pod_name(const Owner& owner, int ordinal);
/// The ordinal at the end of `<cluster>-<ordinal>`; nothing when the name is not of that form.
[[nodiscard]] std::optional<int> ordinal_of(const Owner& owner, std::string_view pod_name);
[[nodiscard]] std::string service_name(const Owner& owner);
/// Of the ServiceAccount, the Role and the RoleBinding.
[[nodiscard]] std::string worker_account_name(const Owner& owner);
[[nodiscard]] std::string cookie_secret_name(const Owner& owner);
[[nodiscard]] std::string disruption_budget_name(const Owner& owner);
[[nodiscard]] std::string controller_revision_name(const Owner& owner, std::string_view revision);

/// Labels of every object of the cluster.
[[nodiscard]] nlohmann::json common_labels(const Owner& owner);
/// What selects the worker pods, as a label map.
[[nodiscard]] nlohmann::json worker_selector(const Owner& owner);
/// The same as text: "troupe.dev/cluster=c,app.kubernetes.io/component=worker".
[[nodiscard]] std::string worker_selector_text(const Owner& owner);
/// metadata with name, namespace, common labels and a controller ownerReference.
[[nodiscard]] nlohmann::json owned_metadata(const Owner& owner, const std::string& name);
/// Whether the object's controller is this very cluster: by UID, as a name can be used again.
[[nodiscard]] bool is_owned(const Owner& owner, const nlohmann::json& document);

}  // namespace troupe::desired
