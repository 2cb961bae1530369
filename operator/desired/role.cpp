#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/desired/objects.hpp"

namespace troupe::desired {

using nlohmann::json;

json build_role(const Owner& owner, const std::vector<std::string>& pod_names) {
  const json read = json::array({"get", "list", "watch"});
  json rules = json::array({{{"apiGroups", json::array({""})}, {"resources", json::array({"pods"})}, {"verbs", read}},
                            {{"apiGroups", json::array({pod_contract::api_group})},
                             {"resources", json::array({"troupeapplications"})},
                             {"verbs", read}}});
  // An empty resourceNames would mean every pod of the namespace.
  if (!pod_names.empty()) {
    rules.push_back({{"apiGroups", json::array({""})},
                     {"resources", json::array({"pods/status"})},
                     {"resourceNames", pod_names},
                     {"verbs", json::array({"patch"})}});
  }
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "Role"},
          {"metadata", owned_metadata(owner, worker_account_name(owner))},
          {"rules", std::move(rules)}};
}

}  // namespace troupe::desired
