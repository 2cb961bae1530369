#include "local/node.hpp"

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "base/log.hpp"
#include "platform/event_loop.hpp"
#include "platform/file.hpp"
#include "platform/os_random.hpp"
#include "platform/signals.hpp"

namespace troupe::local {
namespace {

/// Logs and tokens of pods, for as long as this node runs.
std::filesystem::path make_state_dir() {
  return std::filesystem::temp_directory_path() / ("troupe-node-" + std::to_string(platform::os_random().next()));
}

}  // namespace

Result<std::unique_ptr<PodRunner>> start_node(const NodeOptions& options, std::string client_ca_pem) {
  auto config = kube::load_kubeconfig(options.kubeconfig);
  if (!config) {
    return config.error();
  }
  auto client = kube::Client::create(std::move(*config));
  if (!client) {
    return client.error();
  }
  PodRunner::Options runner;
  runner.node_name = options.node_name;
  runner.pod_cidr = options.pod_cidr;
  runner.state_dir = make_state_dir();
  runner.client_ca_pem = std::move(client_ca_pem);
  for (const std::string& text : options.images) {
    auto image = parse_image(text);
    if (!image) {
      return image.error();
    }
    runner.images.insert(std::move(*image));
  }
  return PodRunner::start(std::move(*client), std::move(runner), platform::real_clock(), platform::os_random());
}

Result<void> run_node(const NodeOptions& options) {
  std::mutex mutex;
  std::condition_variable asked;
  bool stop = false;
  platform::on_stop_signal([&](int) {
    const std::lock_guard lock(mutex);
    stop = true;
    asked.notify_all();
  });
  std::string client_ca_pem;
  if (!options.client_ca_file.empty()) {
    auto read = platform::read_file(options.client_ca_file);
    if (!read) {
      return read.error().in("--client-ca");
    }
    client_ca_pem = std::move(*read);
  }
  auto runner = start_node(options, std::move(client_ca_pem));
  if (!runner) {
    return runner.error();
  }
  log_info("node is running", {{"node", options.node_name}});
  std::unique_lock lock(mutex);
  asked.wait(lock, [&] { return stop; });
  log_info("stopping");
  return {};
}

}  // namespace troupe::local
