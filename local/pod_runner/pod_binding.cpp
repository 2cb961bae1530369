#include "local/pod_runner/pod_binding.hpp"

#include <nlohmann/json.hpp>

#include "local/pod_runner/pod_spec.hpp"

namespace troupe::local {

std::string why_not_fitting(const kube::Object& pod, const NodeDescription& node,
                            const std::vector<kube::Object>& placed) {
  const PodSpec wanted = parse_pod_spec(pod.json());
  const std::map<std::string, std::string> labels = {{"kubernetes.io/hostname", node.name},
                                                     {"kubernetes.io/os", "linux"}};
  for (const auto& [key, value] : wanted.node_selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) {
      return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    }
  }
  double cpus = wanted.cpu_requests;
  std::uint64_t memory_bytes = wanted.memory_requests_bytes;
  for (const kube::Object& other : placed) {
    const PodSpec spec = parse_pod_spec(other.json());
    cpus += spec.cpu_requests;
    memory_bytes += spec.memory_requests_bytes;
  }
  if (static_cast<int>(placed.size()) >= node.pods_max) {
    return "0/1 nodes are available: 1 Too many pods.";
  }
  if (wanted.cpu_requests > 0 && cpus > node.cpus) {
    return "0/1 nodes are available: 1 Insufficient cpu.";
  }
  if (wanted.memory_requests_bytes > 0 && memory_bytes > node.memory_bytes) {
    return "0/1 nodes are available: 1 Insufficient memory.";
  }
  return "";
}

}  // namespace troupe::local
