#include "operator/control/cached_kind.hpp"

#include "kube/resource_types.hpp"

namespace troupe::control {

OwnedTypes owned_types(const kube::ResourceType& pod_disruption_budgets) {
  return {kube::service_accounts, kube::roles,    kube::role_bindings,
          kube::secrets,          kube::services, kube::controller_revisions,
          pod_disruption_budgets, kube::pods};
}

kube::ResourceType pod_disruption_budgets(const std::string& policy_version) {
  return {"policy", policy_version, "poddisruptionbudgets", "PodDisruptionBudget", true};
}

}  // namespace troupe::control
