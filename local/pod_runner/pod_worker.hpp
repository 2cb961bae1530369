// One pod on this node, from its binding to its removal: starts its containers, probes and restarts them, writes its
// status, and ends it with grace when it is deleted. A thread of its own, as a kubelet has a worker for each pod.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "kube/client.hpp"
#include "local/pod_runner/address_pool.hpp"
#include "local/pod_runner/container_log.hpp"
#include "local/pod_runner/pod_spec.hpp"
#include "local/pod_runner/pod_status.hpp"
#include "local/pod_runner/probe_action.hpp"
#include "local/pod_runner/probe_state.hpp"
#include "local/pod_runner/restart_backoff.hpp"
#include "platform/os_process.hpp"

namespace troupe::local {

/// What all pods of a node share. Outlives its pod workers.
struct NodeContext {
  std::shared_ptr<kube::Client> client;
  const Clock& clock;
  std::string host_ip;
  std::map<std::string, std::filesystem::path> images;  ///< Name -> folder that stands for the image's root.
  std::filesystem::path state_dir;
  AddressPool& addresses;
};

class PodWorker {
 public:
  /// `on_done` runs last on the worker's thread: the pod is gone from this node.
  PodWorker(NodeContext& node, kube::Object pod, std::function<void()> on_done);
  ~PodWorker();  ///< Kills what still runs, without touching the API.
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;

  void update(kube::Object pod);
  /// The object is gone from the API: what runs is killed at once.
  void vanish();

  /// The log of the newest instance of a container, or of the one before; null when there is none.
  [[nodiscard]] std::shared_ptr<ContainerLog> log(const std::string& container, bool previous) const;
  /// Where `kubectl exec` runs; nothing while the container does not.
  [[nodiscard]] std::optional<ProgramContext> program_context(const std::string& container) const;

 private:
  struct Container {
    ContainerSpec spec;
    ContainerState state;
    RestartBackoff backoff;
    Instant start_due{};
    Instant started{};
    std::uint64_t instance = 0;
    std::unique_ptr<platform::OsProcess> process;
    std::optional<ProbeState> startup;
    std::optional<ProbeState> readiness;
    std::optional<ProbeState> liveness;
    std::shared_ptr<ContainerLog> log;
    std::shared_ptr<ContainerLog> previous_log;
    ProgramContext context;
    std::string end_reason;  ///< Why we ended it ourselves (liveness), for the status.
  };
  struct Updated {
    kube::Object pod;
  };
  struct Vanished {};
  struct Ended {
    std::size_t container;
    std::uint64_t instance;
    platform::OsProcessExit how;
  };
  using Event = std::variant<Updated, Vanished, Ended>;

  void run();
  void prepare();
  Result<void> write_service_account();
  void step();
  void start_container(std::size_t index);
  void wait_with(Container& container, const std::string& reason, const std::string& message, Duration retry_after);
  void probe_container(Container& container);
  void on_ended(const Ended& ended);
  void terminate();
  void run_pre_stop(Instant deadline);
  bool any_running() const;
  void kill_all();
  void publish();
  void remove_object();
  [[nodiscard]] Instant next_due() const;
  /// Waits for events until `due`; handles those that came.
  void handle_events(Instant due);
  void post(Event event);
  [[nodiscard]] std::chrono::seconds deletion_grace() const;

  NodeContext& node_;
  kube::Object pod_;
  const PodSpec spec_;
  std::function<void()> on_done_;
  std::filesystem::path dir_;
  PodObservation seen_;
  Instant token_due_ = Instant::max();
  Instant publish_due_ = Instant::max();  ///< A status write failed and is tried again then.
  bool vanished_ = false;
  bool stopping_ = false;
  std::vector<Container> containers_;

  mutable std::mutex
      mutex_;  ///< Guards events_, abandoned_, and the logs and contexts of containers_ that others read.
  std::condition_variable wake_;
  std::deque<Event> events_;
  bool abandoned_ = false;
  std::thread thread_;
};

}  // namespace troupe::local
