#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/desired/objects.hpp"

namespace troupe::desired {

nlohmann::json build_controller_revision(const Owner& owner, const std::string& revision, const nlohmann::json& intent,
                                         std::int64_t number) {
  nlohmann::json metadata = owned_metadata(owner, controller_revision_name(owner, revision));
  metadata["labels"][std::string(pod_contract::revision_label)] = revision;
  return {{"apiVersion", "apps/v1"},
          {"kind", "ControllerRevision"},
          {"metadata", std::move(metadata)},
          {"data", {{"spec", intent}}},
          {"revision", number}};
}

}  // namespace troupe::desired
