#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"

namespace troupe::desired {

using nlohmann::json;

json build_role_binding(const Owner& owner) {
  const std::string name = worker_account_name(owner);
  return {
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", "RoleBinding"},
      {"metadata", owned_metadata(owner, name)},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}}},
      {"subjects", json::array({{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", owner.namespace_name}}})}};
}

}  // namespace troupe::desired
