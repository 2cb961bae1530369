// The Node object of this pod runner: registered at start, kept alive with a heartbeat, taken away at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.hpp"
#include "kube/client.hpp"

namespace troupe::local {

struct NodeDescription {
  std::string name;
  std::string address;  ///< Where API servers reach the kubelet endpoints.
  std::uint16_t kubelet_port = 0;
  double cpus = 1;
  std::uint64_t memory_bytes = 0;
  int pods_max = 500;
};

[[nodiscard]] nlohmann::json build_node(const NodeDescription& node);
[[nodiscard]] nlohmann::json build_node_status(const NodeDescription& node, WallTime now);

/// Creates the Node if it is not there and writes its status. Call again as a heartbeat.
Result<void> register_node(kube::Client& client, const NodeDescription& node, const Clock& clock);

}  // namespace troupe::local
