// The worker's metrics: read from running counters at each scrape, so that the hot path knows nothing of Prometheus.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "worker/node/pod_conditions.hpp"

namespace troupe::node {

/// Everything that one scrape shows. docs/metrics.md says what each means.
struct MetricsSnapshot {
  std::string version;
  std::string node_name;
  std::uint64_t processes = 0;
  std::uint64_t spawns = 0;
  std::map<std::string, std::uint64_t> exits;  ///< By "normal", "shutdown", "crash", "killed".
  std::uint64_t messages = 0;
  std::uint64_t mailbox_messages = 0;
  std::uint64_t mailbox_refused = 0;
  std::uint64_t mailbox_dropped = 0;
  std::map<std::string, std::uint64_t> restarts;  ///< By supervisor.
  std::uint64_t peers_connected = 0;
  std::uint64_t peers_down = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t fragments_in = 0;
  std::uint64_t unfinished_bytes = 0;
  std::uint64_t sender_pauses = 0;
  std::uint64_t messages_refused = 0;                        ///< Those to other nodes.
  std::map<std::string, std::uint64_t> links_ended;          ///< By reason.
  std::map<std::string, std::uint64_t> handshakes_rejected;  ///< By reason.
  std::uint64_t run_queue = 0;
  double busy_seconds = 0;
  double cpu_throttled_seconds = 0;
  std::uint64_t threads_stuck = 0;
  std::uint64_t threads_abandoned = 0;
  std::uint64_t hand_overs = 0;
  std::vector<ApplicationReport> applications;
};

[[nodiscard]] std::vector<prometheus::MetricFamily> metric_families(const MetricsSnapshot& snapshot);

/// Asks for a snapshot at each scrape.
class WorkerMetrics final : public prometheus::Collectable {
 public:
  explicit WorkerMetrics(std::function<MetricsSnapshot()> read) : read_(std::move(read)) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override { return metric_families(read_()); }

 private:
  std::function<MetricsSnapshot()> read_;
};

}  // namespace troupe::node
