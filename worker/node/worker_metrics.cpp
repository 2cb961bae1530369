#include "worker/node/worker_metrics.hpp"

namespace troupe::node {
namespace {

using Labels = std::vector<prometheus::ClientMetric::Label>;

/// One family, filled sample by sample.
class Family {
 public:
  Family(const char* name, const char* help, prometheus::MetricType type) {
    family_.name = name;
    family_.help = help;
    family_.type = type;
  }

  Family& add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  Family& add_each(const std::map<std::string, std::uint64_t>& values, const char* label) {
    for (const auto& [name, value] : values) {
      add(static_cast<double>(value), {{label, name}});
    }
    return *this;
  }

  prometheus::MetricFamily take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

}  // namespace

std::vector<prometheus::MetricFamily> metric_families(const MetricsSnapshot& seen) {
  constexpr auto counter = prometheus::MetricType::Counter;
  constexpr auto gauge = prometheus::MetricType::Gauge;
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  Family ready("troupe_worker_application_ready", "1 when the application runs on this worker, else 0.", gauge);
  for (const ApplicationReport& report : seen.applications) {
    ready.add(report.ready ? 1 : 0, {{"application", report.name}, {"version", report.version}});
  }
  return {
      Family("troupe_worker_info", "Always 1; says which version runs under which node name.", gauge)
          .add(1, {{"version", seen.version}, {"node", seen.node_name}})
          .take(),
      Family("troupe_worker_processes", "Processes alive.", gauge).add(number(seen.processes)).take(),
      Family("troupe_worker_spawns_total", "Processes started.", counter).add(number(seen.spawns)).take(),
      Family("troupe_worker_exits_total", "Processes ended, by reason.", counter).add_each(seen.exits, "reason").take(),
      Family("troupe_worker_messages_total", "Messages handled.", counter).add(number(seen.messages)).take(),
      Family("troupe_worker_mailbox_messages", "Messages that wait in all mailboxes.", gauge)
          .add(number(seen.mailbox_messages))
          .take(),
      Family("troupe_worker_mailbox_refused_total", "Messages that were not sent, as a mailbox was full.", counter)
          .add(number(seen.mailbox_refused))
          .take(),
      Family("troupe_worker_mailbox_dropped_total", "Messages dropped by the policy of a full mailbox.", counter)
          .add(number(seen.mailbox_dropped))
          .take(),
      Family("troupe_worker_restarts_total", "Children restarted, by the supervisor that did it.", counter)
          .add_each(seen.restarts, "supervisor")
          .take(),
      Family("troupe_worker_peers", "Other workers of the cluster, by whether there is a link.", gauge)
          .add(number(seen.peers_connected), {{"state", "connected"}})
          .add(number(seen.peers_down), {{"state", "down"}})
          .take(),
      Family("troupe_worker_distribution_bytes_total", "Bytes to and from other nodes.", counter)
          .add(number(seen.bytes_in), {{"direction", "in"}})
          .add(number(seen.bytes_out), {{"direction", "out"}})
          .take(),
      Family("troupe_worker_distribution_messages_total", "Messages to and from other nodes.", counter)
          .add(number(seen.messages_in), {{"direction", "in"}})
          .add(number(seen.messages_out), {{"direction", "out"}})
          .take(),
      Family("troupe_worker_distribution_fragments_total", "Fragments of large messages from other nodes.", counter)
          .add(number(seen.fragments_in))
          .take(),
      Family("troupe_worker_distribution_unfinished_bytes", "Bytes of messages that have not arrived whole.", gauge)
          .add(number(seen.unfinished_bytes))
          .take(),
      Family("troupe_worker_distribution_sender_pauses_total", "Messages whose sender paused for a busy link.", counter)
          .add(number(seen.sender_pauses))
          .take(),
      Family("troupe_worker_distribution_messages_refused_total", "Messages dropped, as their link was full.", counter)
          .add(number(seen.messages_refused))
          .take(),
      Family("troupe_worker_links_ended_total", "Links to other nodes that ended, by reason.", counter)
          .add_each(seen.links_ended, "reason")
          .take(),
      Family("troupe_worker_handshakes_rejected_total", "Connections refused in the handshake, by reason.", counter)
          .add_each(seen.handshakes_rejected, "reason")
          .take(),
      Family("troupe_worker_scheduler_run_queue", "Processes that are ready and wait for a scheduler.", gauge)
          .add(number(seen.run_queue))
          .take(),
      Family("troupe_worker_scheduler_busy_seconds_total", "CPU time of the scheduler threads.", counter)
          .add(seen.busy_seconds)
          .take(),
      Family("troupe_worker_cpu_throttled_seconds_total",
             "How long the kernel kept this worker from running because its CPU quota was used up.", counter)
          .add(seen.cpu_throttled_seconds)
          .take(),
      Family("troupe_worker_scheduler_threads_stuck", "Threads in a handler that does not return, and replaced.", gauge)
          .add(number(seen.threads_stuck))
          .take(),
      Family("troupe_worker_scheduler_threads_abandoned", "Threads in a handler whose process was killed.", gauge)
          .add(number(seen.threads_abandoned))
          .take(),
      Family("troupe_worker_scheduler_hand_overs_total", "Threads replaced because a handler did not return.", counter)
          .add(number(seen.hand_overs))
          .take(),
      ready.take(),
  };
}

}  // namespace troupe::node
