#include "tests/benchmark/nodes/benchmark_node.hpp"

#include <unistd.h>

#include "platform/os_random.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"
#include "troupe/node_name.hpp"

namespace troupe::benchmark {
namespace {

ThreadedSchedulerOptions scheduler_options() {
  ThreadedSchedulerOptions options;
  options.threads = scheduler_threads();
  return options;
}

}  // namespace

BenchmarkNode::BenchmarkNode() : scheduler_(platform::real_clock(), scheduler_options()), runtime_(scheduler_) {}

BenchmarkNode::~BenchmarkNode() {
  loop_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
  runtime_.set_remote_nodes(nullptr);
  distribution_.reset();
}

Result<std::unique_ptr<BenchmarkNode>> BenchmarkNode::start(const Settings& settings) {
  std::unique_ptr<BenchmarkNode> node(new BenchmarkNode);
  DistributionOptions options;
  options.node_name = settings.name;
  options.creation = static_cast<std::uint32_t>(getpid());
  options.cookies = {"benchmark"};
  options.listen = {settings.name.substr(settings.name.find('@') + 1), settings.port};
  options.serve_epmd = false;
  options.known_port = [port = settings.other_port](std::string_view) { return std::optional(port); };
  if (!settings.tls_folder.empty()) {
    auto folder = platform::TlsFolder::open(settings.tls_folder);
    if (!folder) {
      return folder.error();
    }
    node->certificates_ = std::move(*folder);
    node->tls_.emplace(
        node->loop_, [certificates = node->certificates_.get()] { return certificates->current(); },
        std::vector<std::string>{});
    options.tls_network = &*node->tls_;
  }
  name_this_node(options.node_name, options.creation);
  node->distribution_ = std::make_unique<Distribution>(node->loop_, node->loop_, platform::os_random(), node->runtime_,
                                                       std::move(options));
  if (auto started = node->distribution_->start(); !started) {
    return started.error();
  }
  node->runtime_.set_remote_nodes(node->distribution_.get());
  node->thread_ = std::thread([raw = node.get()] { raw->loop_.run(); });
  return node;
}

}  // namespace troupe::benchmark
