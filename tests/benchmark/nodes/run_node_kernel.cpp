#include "tests/benchmark/nodes/run_node_kernel.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <future>

#include "platform/environment.hpp"
#include "platform/os_process.hpp"
#include "tests/benchmark/nodes/benchmark_node.hpp"
#include "tests/benchmark/nodes/node_processes.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr const char* near_name = "near@127.0.0.2";
constexpr const char* far_name = "far@127.0.0.3";
constexpr std::chrono::seconds start_time_max{10};
constexpr std::chrono::seconds end_time_max{5};

/// The far node as a child; its port is the first line that it prints.
class FarNode {
 public:
  static Result<std::unique_ptr<FarNode>> start(const NodeLink& link) {
    std::unique_ptr<FarNode> far(new FarNode);
    platform::OsProcessSpec spec;
    spec.argv = {link.program, "far-node"};
    if (!link.tls_folder.empty()) {
      spec.argv.insert(spec.argv.end(), {"--tls", link.tls_folder});
    }
    spec.env = platform::environment();
    spec.with_stdin = true;
    const auto printed = std::make_shared<std::string>();
    const auto port = std::make_shared<std::promise<std::uint16_t>>();
    auto known = port->get_future();
    spec.on_stdout = [printed, port](std::string_view text) {
      *printed += text;
      if (printed->ends_with('\n')) {
        std::uint16_t number = 0;
        std::from_chars(printed->data(), printed->data() + printed->size(), number);
        port->set_value(number);
      }
    };
    const auto ended = std::make_shared<std::promise<void>>();
    far->ended_ = ended->get_future();
    auto process =
        platform::OsProcess::start(std::move(spec), [ended](platform::OsProcessExit) { ended->set_value(); });
    if (!process) {
      return process.error();
    }
    far->process_ = std::move(*process);
    if (known.wait_for(start_time_max) != std::future_status::ready) {
      return Error{ErrorCode::timeout, "the far node did not start"};
    }
    far->port_ = known.get();
    return far;
  }
  /// Lets it end by itself, so that a profiler writes what it has seen.
  ~FarNode() {
    if (process_) {
      process_->close_stdin();
      ended_.wait_for(end_time_max);
    }
  }
  FarNode(const FarNode&) = delete;
  FarNode& operator=(const FarNode&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  FarNode() = default;
  std::future<void> ended_;
  std::unique_ptr<platform::OsProcess> process_;
  std::uint16_t port_ = 0;
};

Result<double> run_round(BenchmarkNode& node, const NodeKernel& kernel, std::uint64_t size) {
  const auto result = std::make_shared<std::promise<std::uint64_t>>();
  auto counted = result->get_future();
  const auto began = std::chrono::steady_clock::now();
  start_node_kernel(node.runtime(), kernel, size, far_name,
                    [result](std::uint64_t count) { result->set_value(count); });
  if (counted.wait_for(round_time_max) != std::future_status::ready) {
    return Error{ErrorCode::timeout,
                 fmt::format("{} of size {}: no result within {} s", kernel.name, size, round_time_max.count())};
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::uint64_t expected = size / kernel.pairs * kernel.pairs;
  if (const std::uint64_t count = counted.get(); count != expected) {
    return Error{ErrorCode::internal,
                 fmt::format("{} of size {}: counted {} instead of {}", kernel.name, size, count, expected)};
  }
  return seconds;
}

}  // namespace

int serve_far_node(const NodeLink& link) {
  const auto node = BenchmarkNode::start({.name = far_name, .tls_folder = link.tls_folder});
  if (!node) {
    std::fprintf(stderr, "troupe-bench far-node: %s\n", node.error().message.c_str());
    return 1;
  }
  start_host((*node)->runtime());
  std::printf("%d\n", (*node)->port());
  std::fflush(stdout);
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  return 0;
}

Result<double> run_node_kernel(const NodeKernel& kernel, std::uint64_t size, const NodeLink& link) {
  auto far = FarNode::start(link);
  if (!far) {
    return far.error();
  }
  auto node =
      BenchmarkNode::start({.name = near_name, .port = 0, .other_port = (*far)->port(), .tls_folder = link.tls_folder});
  if (!node) {
    return node.error();
  }
  if (auto warm = run_round(**node, kernel, size / 10); !warm) {
    return warm;
  }
  return run_round(**node, kernel, size);
}

}  // namespace troupe::benchmark
