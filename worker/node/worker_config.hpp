// What a worker is told through its environment (base/pod_contract.hpp). Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::node {

struct WorkerConfig {
  std::string cluster;
  std::string pod_name;
  std::string pod_namespace;
  std::string pod_ip;
  std::string pod_uid;
  std::string cookie;
  bool published = false;
  std::chrono::seconds drain_timeout{60};  ///< spec.drain.timeoutSeconds's default.
  std::string image_root;                  ///< "" in a real container.
  std::string tls_folder;                  ///< tls.crt, tls.key and ca.crt; "" for links in the clear.
  std::string tls_domain;                  ///< A DNS name whose certificates are good for every worker; "" for none.

  /// "<cluster>@<pod IP>": libcluster's convention for Kubernetes.
  [[nodiscard]] std::string node_name() const { return cluster + "@" + pod_ip; }
};

using EnvironmentReader = std::function<std::optional<std::string>(std::string_view name)>;

/// Errors: `invalid_argument` naming every variable that is missing or malformed.
Result<WorkerConfig> read_worker_config(const EnvironmentReader& variable);

}  // namespace troupe::node
