#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"

namespace troupe::desired {

nlohmann::json build_pod_disruption_budget(const Owner& owner, const std::string& api_version,
                                           const resource::Rollout& rollout) {
  // 0 would make node drains wait for ever; a surging rollout still never takes a worker of its own accord.
  const int max_unavailable = std::max(1, rollout.max_unavailable);
  return {{"apiVersion", api_version},
          {"kind", "PodDisruptionBudget"},
          {"metadata", owned_metadata(owner, disruption_budget_name(owner))},
          {"spec", {{"maxUnavailable", max_unavailable}, {"selector", {{"matchLabels", worker_selector(owner)}}}}}};
}

}  // namespace troupe::desired
