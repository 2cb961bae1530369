// A worker's links to other nodes: the distribution as its pod is told to run it, over TLS when the pod has
// certificates.
#pragma once

#include <memory>
#include <optional>

#include "base/random.hpp"
#include "platform/event_loop.hpp"
#include "platform/tls_folder.hpp"
#include "platform/tls_network.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/node/worker_config.hpp"
#include "worker/node/worker_metrics.hpp"

namespace troupe::node {

/// Used as a Distribution is. Everything given outlives it.
class NodeLinks {
 public:
  /// `certificates` is null when the worker runs without TLS.
  NodeLinks(const WorkerConfig& config, std::uint32_t creation, std::unique_ptr<platform::TlsFolder> certificates,
            platform::AsioLoop& loop, Random& random, SignalReceiver& receiver);

  [[nodiscard]] Distribution& distribution() { return *distribution_; }
  /// What has been counted so far.
  void add_to(MetricsSnapshot& seen) const;

 private:
  const std::unique_ptr<platform::TlsFolder> certificates_;
  std::optional<platform::TlsNetwork> tls_;
  std::optional<Distribution> distribution_;
};

/// The certificates that the pod's environment names; null when it names none. Errors: those of TlsFolder::open.
Result<std::unique_ptr<platform::TlsFolder>> open_certificates(const WorkerConfig& config);

}  // namespace troupe::node
