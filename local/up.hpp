// `troupe-local up`: an API server, and a node that runs pods, until a signal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "local/api/api_server.hpp"
#include "local/pod_runner/pod_runner.hpp"

namespace troupe::local {

struct UpOptions {
  std::string kubeconfig_out;       ///< Written with mode 0600 once the server answers; removed at the end.
  std::uint16_t port = 0;           ///< 0 takes a free one.
  std::string data_dir;             ///< Empty keeps nothing over a restart.
  std::vector<std::string> images;  ///< "NAME=PATH": what stands for an image.
  std::string pod_cidr = "127.77.0.0/16";
};

/// Starts what runs pods beside the API server. Null: nothing does, and pods stay Pending.
using StartNode = std::function<Result<std::unique_ptr<PodRunner>>(const UpOptions&, const ApiServer&)>;
/// A pod runner that is an ordinary client of `server`.
Result<std::unique_ptr<PodRunner>> start_node_beside(const UpOptions& options, const ApiServer& server);

/// Runs until SIGTERM or SIGINT. `start_node` runs after the kubeconfig is written.
Result<void> run_up(const UpOptions& options, const StartNode& start_node);

}  // namespace troupe::local
