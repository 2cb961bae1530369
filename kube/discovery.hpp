// Asks the server which versions of an API group it serves, so that one build works from Kubernetes 1.20 to today's.
#pragma once

#include <string_view>
#include <vector>

#include "kube/client.hpp"

namespace troupe::kube {

/// The first of `versions` (best first) in which the server serves `plural` of `group`; the type with its kind and
/// scope as served. Error `status` 404 when it serves none of them.
ApiResult<ResourceType> served_type(Client& client, std::string_view group, std::string_view plural,
                                    const std::vector<std::string>& versions);

}  // namespace troupe::kube
