#include "local/up.hpp"

#include <cstdio>
#include <filesystem>

#include "base/log.hpp"
#include "local/node.hpp"
#include "platform/event_loop.hpp"
#include "platform/file.hpp"
#include "platform/os_random.hpp"
#include "platform/signals.hpp"

namespace troupe::local {

Result<std::unique_ptr<PodRunner>> start_node_beside(const UpOptions& options, const ApiServer& server) {
  NodeOptions node;
  node.kubeconfig = options.kubeconfig_out;
  node.images = options.images;
  node.pod_cidr = options.pod_cidr;
  return start_node(node, server.credentials().ca_pem());
}

Result<void> run_up(const UpOptions& options, const StartNode& start_node) {
  platform::AsioLoop loop;
  platform::on_stop_signal([&loop](int) { loop.stop(); });
  Result<std::unique_ptr<ApiServer>> server =
      ApiServer::start({options.port, options.data_dir}, loop, platform::os_random());
  if (!server.ok()) {
    return server.error();
  }
  if (Result<void> written = platform::atomic_write_file(options.kubeconfig_out, (*server)->kubeconfig(), 0600);
      !written.ok()) {
    return written.error();
  }
  std::unique_ptr<PodRunner> node;
  if (start_node) {
    Result<std::unique_ptr<PodRunner>> started = start_node(options, **server);
    if (!started.ok()) {
      return started.error();
    }
    node = std::move(*started);
  }
  log_info("serving", {{"url", (*server)->url()}, {"kubeconfig", options.kubeconfig_out}});
  loop.run();
  log_info("stopping");
  node.reset();
  server->reset();
  // Without a data folder the tokens died with the server.
  if (options.data_dir.empty()) {
    std::error_code ignored;
    std::filesystem::remove(options.kubeconfig_out, ignored);
  }
  return {};
}

}  // namespace troupe::local
