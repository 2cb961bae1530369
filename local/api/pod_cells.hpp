// The cells of a pod's row in a Table: how kubectl get pods sums a pod up (printers/internalversion printPod). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace troupe::local {

/// Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates.
[[nodiscard]] nlohmann::json pod_cells(const nlohmann::json& pod, const std::string& age);

}  // namespace troupe::local
