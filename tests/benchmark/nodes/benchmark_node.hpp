// A node of the benchmarks: a runtime and its distribution with the settings that a worker has.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "platform/event_loop.hpp"
#include "platform/tls_folder.hpp"
#include "platform/tls_network.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::benchmark {

/// One in a program, since a program has one name.
class BenchmarkNode {
 public:
  struct Settings {
    std::string name;              ///< name@address
    std::uint16_t port = 0;        ///< Where it listens; 0: any.
    std::uint16_t other_port = 0;  ///< Where every other node listens.
    std::string tls_folder;        ///< tls.crt, tls.key and ca.crt; empty: links in the clear.
  };
  /// Errors: those of Distribution::start and TlsFolder::open.
  static Result<std::unique_ptr<BenchmarkNode>> start(const Settings& settings);
  ~BenchmarkNode();
  BenchmarkNode(const BenchmarkNode&) = delete;
  BenchmarkNode& operator=(const BenchmarkNode&) = delete;

  [[nodiscard]] Runtime& runtime() { return runtime_; }
  [[nodiscard]] std::uint16_t port() const { return distribution_->port(); }

 private:
  BenchmarkNode();

  platform::AsioLoop loop_;
  std::unique_ptr<platform::TlsFolder> certificates_;
  std::optional<platform::TlsNetwork> tls_;
  ThreadedScheduler scheduler_;
  Runtime runtime_;
  std::unique_ptr<Distribution> distribution_;
  std::thread thread_;
};

}  // namespace troupe::benchmark
