// Who else belongs to the cluster, from the pods that the API server shows. Pure.
#pragma once

#include <string>
#include <vector>

#include "kube/object.hpp"

namespace troupe::node {

struct Peer {
  std::string pod_name;
  std::string pod_uid;
  std::string node_name;  ///< "<cluster>@<pod IP>".
  std::string ip;

  bool operator==(const Peer&) const = default;
};

/// Worker pods of `cluster` other than `own_uid` that have an address, are not being deleted and have not ended; by
/// name.
[[nodiscard]] std::vector<Peer> peers_among(const std::vector<kube::Object>& pods, const std::string& cluster,
                                            const std::string& own_uid);

}  // namespace troupe::node
