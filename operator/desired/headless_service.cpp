#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/desired/objects.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;
namespace contract = pod_contract;

json service_port(std::string_view name, std::uint16_t number) {
  return {{"name", name}, {"port", number}, {"targetPort", name}, {"protocol", "TCP"}};
}

}  // namespace

json build_headless_service(const Owner& owner) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", owned_metadata(owner, service_name(owner))},
          {"spec",
           {{"clusterIP", "None"},
            {"publishNotReadyAddresses", true},
            {"selector", worker_selector(owner)},
            {"ports", json::array({service_port(contract::epmd_port_name, contract::epmd_port),
                                   service_port(contract::distribution_port_name, contract::distribution_port),
                                   service_port(contract::http_port_name, contract::http_port)})}}}};
}

}  // namespace troupe::desired
