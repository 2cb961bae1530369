#include "worker/node/worker.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "base/pod_contract.hpp"
#include "kube/reflector.hpp"
#include "kube/resource_types.hpp"
#include "platform/cgroup.hpp"
#include "platform/environment.hpp"
#include "platform/event_loop.hpp"
#include "platform/exit_deadline.hpp"
#include "platform/health_server.hpp"
#include "platform/local_socket.hpp"
#include "platform/memory_use.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/pg_groups.hpp"
#include "worker/node/admin.hpp"
#include "worker/node/application_keeper.hpp"
#include "worker/node/condition_writer.hpp"
#include "worker/node/membership.hpp"
#include "worker/node/node_links.hpp"
#include "worker/node/reporter.hpp"
#include "worker/node/worker_metrics.hpp"
#include "worker/process/spawn_guard.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::node {
namespace {

using namespace std::chrono_literals;

/// How long the first report waits for the peers, so that a start writes one condition and not two.
constexpr Duration first_report_wait = 700ms;
constexpr Duration admin_call_timeout = 5s;
/// A quarter of the threads that may exist.
constexpr unsigned threads_abandoned_max = 16;
constexpr Duration thread_guard_interval = 1s;

/// Another one at each start, so that peers never take this incarnation for an earlier one of the same name.
std::uint32_t new_creation(Random& random) { return static_cast<std::uint32_t>(random.below(0xffff'fff0)) + 4; }

std::map<std::string, std::string> command_environment() {
  std::map<std::string, std::string> env = platform::environment();
  env.erase(std::string(pod_contract::cookie_env));
  return env;
}

class RunningWorker final : public Worker {
 public:
  RunningWorker(WorkerConfig config, Options options, std::shared_ptr<kube::Client> client, const Clock& clock,
                Random& random, std::uint32_t creation, std::unique_ptr<platform::TlsFolder> certificates)
      : config_(std::move(config)),
        options_(options),
        client_(std::move(client)),
        clock_(clock),
        random_(random),
        started_(clock.now()),
        limits_(platform::read_cgroup_limits()),
        scheduler_(clock, scheduler_options(limits_.cpus, options.scheduler_threads)),
        runtime_(scheduler_),
        links_(std::in_place, config_, creation, std::move(certificates), loop_, random, runtime_),
        membership_(
            loop_, random, [this](const std::string& name) { connect(name); }, [this] { reporter_.report(); }) {
    runtime_.set_remote_nodes(&links_->distribution());
    links_->distribution().on_node_change([this](const Distribution::NodeChange& change) { on_node_change(change); });
  }

  ~RunningWorker() override { close(); }

  Result<void> begin() {
    if (auto listening = links_->distribution().start(); !listening) {
      return listening.error().in("distribution");
    }
    groups_.emplace(runtime_, links_->distribution());
    runtime_.set_groups(&*groups_);
    platform::HttpServer::Options http;
    http.at = {config_.pod_ip, pod_contract::http_port};
    auto health = platform::start_health_server(
        http, {std::make_shared<WorkerMetrics>([this] { return snapshot(); })}, [] { return std::string(); },
        [this] { return why_not_ready(); });
    if (!health) {
      return health.error().in("health server");
    }
    health_ = std::move(*health);
    auto admin =
        platform::LocalSocketServer::start(admin_socket_name(config_.pod_uid), [this](const std::string& question) {
          return answer_admin(runtime_, split_question(question), admin_call_timeout);
        });
    if (!admin) {
      return admin.error();
    }
    admin_ = std::move(*admin);
    loop_thread_ = std::thread([this] { loop_.run(); });
    conditions_.emplace(client_, config_.pod_namespace, config_.pod_name, config_.pod_uid, clock_);
    applications_.emplace(runtime_, ApplicationSurroundings{config_.image_root, command_environment()}, clock_,
                          [this] { reporter_.report(); });
    watch();
    loop_.run_after(first_report_wait, [this] { reporter_.report(); });
    loop_.post([this] { guard_memory(); });
    loop_.post([this] { guard_threads(); });
    log_info("worker started", {{"node", config_.node_name()}, {"pod", config_.pod_name}});
    return {};
  }

  void drain() override {
    log_info("drain: leaving", {{"node", config_.node_name()}, {"timeout_seconds", config_.drain_timeout.count()}});
    exit_deadline_.emplace(config_.drain_timeout + options_.exit_grace);
    draining_ = true;
    membership_.stop();
    pods_.reset();
    application_watch_.reset();
    if (!applications_->stop_all(config_.drain_timeout)) {
      log_warning("drain: applications did not stop in time");
    }
    close();
    log_info("drain: done");
  }

 private:
  void watch() {
    kube::Reflector::Options pods;
    pods.namespace_name = config_.pod_namespace;
    pods.label_selector = std::string(pod_contract::cluster_label) + "=" + config_.cluster;
    pods_ = std::make_unique<kube::Reflector>(
        client_, kube::pods, pods, clock_, random_, [this](const kube::Change&) { discover(); },
        [this] {
          discovered_ = true;
          discover();
          reporter_.report();  // Also when there are no peers, so that nothing has changed.
        });
    kube::Reflector::Options applications;
    applications.namespace_name = config_.pod_namespace;
    application_watch_ = std::make_unique<kube::Reflector>(
        client_, kube::troupe_applications, applications, clock_, random_,
        [this](const kube::Change&) { choose_applications(); },
        [this] {
          applications_listed_ = true;
          choose_applications();
        });
    watching_ = true;
    discover();
    choose_applications();
  }

  void discover() {
    // Looking and setting are one step: an older look of another thread must not come last.
    const std::lock_guard lock(discover_mutex_);
    if (watching_ && discovered_) {
      membership_.set_peers(peers_among(pods_->store().all(), config_.cluster, config_.pod_uid));
    }
  }

  void choose_applications() {
    const std::lock_guard lock(discover_mutex_);
    if (!watching_ || !applications_listed_) {
      return;
    }
    std::vector<kube::Object> ours;
    for (kube::Object& application : application_watch_->store().all()) {
      if (cluster_of(application) == config_.cluster) {
        ours.push_back(std::move(application));
      }
    }
    applications_->set_wanted(std::move(ours));
  }

  void guard_memory() {
    const bool hold = hold_spawns(platform::resident_bytes(), limits_.memory_bytes.value_or(0), spawns_held_);
    if (hold != spawns_held_) {
      spawns_held_ = hold;
      runtime_.hold_spawns(hold);
      log_warning(hold ? "memory is short: no process is spawned until some has been given back"
                       : "processes are spawned again",
                  {{"limit_bytes", static_cast<std::int64_t>(limits_.memory_bytes.value_or(0))}});
    }
    loop_.run_after(spawn_guard_interval, [this] { guard_memory(); });
  }

  void guard_threads() {
    if (const unsigned abandoned = scheduler_.load().threads_abandoned; abandoned >= threads_abandoned_max) {
      log_error("too many killed processes have not come out of their handlers: this worker drains, to be started anew",
                {{"threads_abandoned", abandoned}});
      options_.ask_for_restart();
      return;
    }
    loop_.run_after(thread_guard_interval, [this] { guard_threads(); });
  }

  void connect(const std::string& node_name) {
    if (const auto node = intern_node_name(node_name)) {
      links_->distribution().connect(*node);
    }
  }

  void on_node_change(const Distribution::NodeChange& change) {
    const std::string name(node_name(change.node));
    if (change.up) {
      log_info("node up", {{"node", name}});
    } else {
      log_info("node down", {{"node", name}, {"reason", change.reason.text()}});
    }
    membership_.on_node_change(name, change.up);
  }

  std::optional<WorkerReport> look() {
    const Membership::View view = membership_.view();
    const bool settling = !(discovered_ && view.missing.empty()) && clock_.now() - started_ < first_report_wait;
    if (!conditions_ || !applications_ || draining_ || settling || !applications_->first_pass_done()) {
      return std::nullopt;
    }
    return worker_report(view, discovered_, applications_->reports());
  }

  std::string why_not_ready() const {
    if (draining_) {
      return "draining";
    }
    if (!discovered_) {
      return "no discovery pass yet" + (pods_ ? ": " + pods_->last_error() : "");
    }
    return applications_ && applications_->first_pass_done() ? "" : "applications were not attempted yet";
  }

  MetricsSnapshot snapshot() const;

  void close() {
    pods_.reset();
    application_watch_.reset();
    conditions_.reset();
    admin_.reset();
    health_.reset();
    applications_.reset();
    loop_.stop();
    if (loop_thread_.joinable()) {
      loop_thread_.join();
    }
    runtime_.set_groups(nullptr);
    groups_.reset();
    runtime_.set_remote_nodes(nullptr);
    links_.reset();
  }

  std::optional<platform::ExitDeadline> exit_deadline_;  ///< Met when all that follows is gone.
  const WorkerConfig config_;
  const Options options_;
  const std::shared_ptr<kube::Client> client_;
  const Clock& clock_;
  Random& random_;
  const Instant started_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> watching_{false};
  std::atomic<bool> discovered_{false};
  std::atomic<bool> applications_listed_{false};

  platform::AsioLoop loop_;
  const platform::CgroupLimits limits_;
  bool spawns_held_ = false;  ///< The loop's thread.
  ThreadedScheduler scheduler_;
  Runtime runtime_;
  std::optional<NodeLinks> links_;
  std::optional<PgGroups> groups_;
  std::mutex discover_mutex_;
  Membership membership_;
  Reporter reporter_{[this] { return look(); }, [this](WorkerReport seen) { conditions_->report(std::move(seen)); }};
  std::optional<ConditionWriter> conditions_;
  std::optional<ApplicationKeeper> applications_;
  std::unique_ptr<kube::Reflector> pods_;
  std::unique_ptr<kube::Reflector> application_watch_;
  std::unique_ptr<platform::LocalSocketServer> admin_;
  std::unique_ptr<platform::HttpServer> health_;
  std::thread loop_thread_;
};

MetricsSnapshot RunningWorker::snapshot() const {
  MetricsSnapshot seen;
  const RuntimeCounters runtime = runtime_.counters();
  seen.version = TROUPE_VERSION;
  seen.node_name = config_.node_name();
  seen.processes = runtime.processes;
  seen.spawns = runtime.spawned;
  seen.exits = {{"normal", runtime.ended_normal},
                {"shutdown", runtime.ended_shutdown},
                {"crash", runtime.ended_abnormal},
                {"killed", runtime.ended_killed}};
  seen.messages = runtime.messages_handled;
  seen.mailbox_messages = runtime.messages_waiting;
  seen.mailbox_refused = runtime.messages_refused;
  seen.mailbox_dropped = runtime.messages_dropped;
  const SchedulerLoad load = scheduler_.load();
  seen.run_queue = load.run_queue;
  seen.busy_seconds = std::chrono::duration<double>(load.busy).count();
  seen.cpu_throttled_seconds = std::chrono::duration<double>(platform::read_cpu_throttled_time()).count();
  seen.threads_stuck = load.threads_stuck;
  seen.threads_abandoned = load.threads_abandoned;
  seen.hand_overs = load.hand_overs;
  if (applications_) {
    seen.restarts = applications_->restarts();
    seen.applications = applications_->reports();
    for (const ApplicationReport& report : seen.applications) {
      seen.restarts.try_emplace(Application::supervisor_name(report.name), 0);
    }
  }
  const Membership::View view = membership_.view();
  seen.peers_down = view.missing.size();
  seen.peers_connected = view.peers - view.missing.size();
  if (links_) {
    links_->add_to(seen);
  }
  return seen;
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::start(WorkerConfig config, Options options,
                                              std::shared_ptr<kube::Client> client, const Clock& clock,
                                              Random& random) {
  auto certificates = open_certificates(config);
  if (!certificates) {
    return certificates.error().in("TLS certificates");
  }
  const std::uint32_t creation = new_creation(random);
  name_this_node(config.node_name(), creation);
  auto worker = std::make_unique<RunningWorker>(std::move(config), options, std::move(client), clock, random, creation,
                                                std::move(*certificates));
  if (auto begun = worker->begin(); !begun) {
    return begun.error();
  }
  return std::unique_ptr<Worker>(std::move(worker));
}

}  // namespace troupe::node
