#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"

namespace troupe::desired {

nlohmann::json build_service_account(const Owner& owner) {
  return {{"apiVersion", "v1"},
          {"kind", "ServiceAccount"},
          {"metadata", owned_metadata(owner, worker_account_name(owner))}};
}

}  // namespace troupe::desired
