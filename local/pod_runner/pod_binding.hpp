// Whether a pod fits on this node: the part of a scheduler that one node needs. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kube/object.hpp"
#include "local/pod_runner/node_object.hpp"

namespace troupe::local {

/// Why `pod` cannot run on `node` beside `placed` (pods bound to it that have not ended), in the scheduler's words;
/// "" when it fits.
[[nodiscard]] std::string why_not_fitting(const kube::Object& pod, const NodeDescription& node,
                                          const std::vector<kube::Object>& placed);

}  // namespace troupe::local
