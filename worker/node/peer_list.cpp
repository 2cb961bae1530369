#include "worker/node/peer_list.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"

namespace troupe::node {
namespace {

std::string status_text(const kube::Object& pod, const char* field) {
  const auto status = pod.json().find("status");
  if (status == pod.json().end() || !status->is_object()) {
    return "";
  }
  const auto value = status->find(field);
  return value != status->end() && value->is_string() ? value->get<std::string>() : "";
}

}  // namespace

std::vector<Peer> peers_among(const std::vector<kube::Object>& pods, const std::string& cluster,
                              const std::string& own_uid) {
  std::vector<Peer> peers;
  for (const kube::Object& pod : pods) {
    const std::string phase = status_text(pod, "phase");
    const std::string ip = status_text(pod, "podIP");
    const bool ours = pod.label(pod_contract::cluster_label) == cluster &&
                      pod.label(pod_contract::component_label) == pod_contract::component_worker;
    if (ours && pod.uid() != own_uid && !ip.empty() && !pod.being_deleted() && phase != "Failed" &&
        phase != "Succeeded") {
      peers.push_back({pod.name(), pod.uid(), cluster + "@" + ip, ip});
    }
  }
  std::sort(peers.begin(), peers.end(),
            [](const Peer& left, const Peer& right) { return left.pod_name < right.pod_name; });
  return peers;
}

}  // namespace troupe::node
