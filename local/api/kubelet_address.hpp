// Where the kubelet of a pod's node is, and what to ask it for: pods/log and pods/exec. Pure but for reading the store.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/network.hpp"
#include "local/api/request.hpp"
#include "local/api/status_error.hpp"
#include "local/api/store.hpp"

namespace troupe::local {

/// For a connection to a kubelet, before the client is told that it cannot be reached.
inline constexpr std::chrono::seconds kubelet_connect_timeout{5};
/// Of why a kubelet refuses, which its clients are told.
inline constexpr std::size_t kubelet_error_text_bytes_max = 4096;

struct KubeletRequest {
  Endpoint kubelet;
  std::string target;  ///< "/containerLogs/NAMESPACE/POD/CONTAINER?follow=true"
};

/// For a path with subresource "log" or "exec". Errors: 404 for pod or node, 400 for a pod without a node or a
/// container that is not in it, 503 for a node that does not say where its kubelet is.
ApiResult<KubeletRequest> find_kubelet(const Store& store, const ResourcePath& path, const RequestTarget& target);

}  // namespace troupe::local
