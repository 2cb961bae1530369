// `troupe-local node`: the pod runner alone, against any API server; and the one that `troupe-local up` starts beside
// its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "local/pod_runner/pod_runner.hpp"

namespace troupe::local {

struct NodeOptions {
  std::string kubeconfig;
  std::string node_name = "local";
  std::vector<std::string> images;  ///< "NAME=PATH".
  std::string pod_cidr = "127.77.0.0/16";
  /// File with the CA of the API server's client certificate; "" lets nobody ask for logs and exec.
  std::string client_ca_file;
};

/// Errors: `invalid_argument` for options that cannot work, `unavailable` when the API server does not answer.
Result<std::unique_ptr<PodRunner>> start_node(const NodeOptions& options, std::string client_ca_pem);

/// Runs until SIGTERM or SIGINT.
Result<void> run_node(const NodeOptions& options);

}  // namespace troupe::local
