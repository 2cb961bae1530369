#include "local/pod_runner/node_object.hpp"

#include <nlohmann/json.hpp>

#include "kube/resource_types.hpp"
#include "local/pod_runner/container_log.hpp"

namespace troupe::local {

using nlohmann::json;

json build_node(const NodeDescription& node) {
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata",
           {{"name", node.name}, {"labels", {{"kubernetes.io/hostname", node.name}, {"kubernetes.io/os", "linux"}}}}}};
}

json build_node_status(const NodeDescription& node, WallTime now) {
  const json room = {{"cpu", std::to_string(static_cast<long>(node.cpus * 1000)) + "m"},
                     {"memory", std::to_string(node.memory_bytes)},
                     {"pods", std::to_string(node.pods_max)}};
  return {{"addresses", json::array({{{"type", "InternalIP"}, {"address", node.address}},
                                     {{"type", "Hostname"}, {"address", node.name}}})},
          {"daemonEndpoints", {{"kubeletEndpoint", {{"Port", node.kubelet_port}}}}},
          {"capacity", room},
          {"allocatable", room},
          {"conditions", json::array({{{"type", "Ready"},
                                       {"status", "True"},
                                       {"reason", "KubeletReady"},
                                       {"message", "the pod runner is ready"},
                                       {"lastHeartbeatTime", rfc3339(now)},
                                       {"lastTransitionTime", rfc3339(now)}}})},
          {"nodeInfo",
           {{"operatingSystem", "linux"},
            {"architecture", "amd64"},
            {"kubeletVersion", "troupe-local"},
            {"containerRuntimeVersion", "process://1"},
            {"osImage", ""},
            {"kernelVersion", ""},
            {"machineID", ""},
            {"systemUUID", ""},
            {"bootID", ""},
            {"kubeProxyVersion", ""}}}};
}

Result<void> register_node(kube::Client& client, const NodeDescription& node, const Clock& clock) {
  auto created = client.create_object(kube::nodes, "", build_node(node));
  if (!created && !created.error().already_exists()) {
    return Error{ErrorCode::unavailable, "cannot register node " + node.name + ": " + created.error().message};
  }
  kube::WriteOptions options;
  options.subresource = "status";
  auto patched = client.patch(kube::nodes, "", node.name, kube::PatchType::merge,
                              json{{"status", build_node_status(node, clock.wall_now())}}, options);
  if (!patched) {
    return Error{ErrorCode::unavailable,
                 "cannot write the status of node " + node.name + ": " + patched.error().message};
  }
  // A real API server taints new nodes until a controller finds them ready; this node is, and there may be no
  // controller.
  patched = client.patch(kube::nodes, "", node.name, kube::PatchType::merge, json{{"spec", {{"taints", nullptr}}}});
  return {};
}

}  // namespace troupe::local
