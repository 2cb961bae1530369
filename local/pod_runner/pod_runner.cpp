#include "local/pod_runner/pod_runner.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_map>

#include "base/log.hpp"
#include "kube/event_recorder.hpp"
#include "kube/reflector.hpp"
#include "kube/resource_types.hpp"
#include "local/pod_runner/kubelet_server.hpp"
#include "local/pod_runner/node_object.hpp"
#include "local/pod_runner/pod_binding.hpp"
#include "local/pod_runner/pod_worker.hpp"
#include "platform/cgroup.hpp"
#include "platform/tls_certificate.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr Duration heartbeat_period = 10s;
constexpr Duration binding_retry = 1s;

std::string bound_to(const kube::Object& pod) {
  const auto spec = pod.json().find("spec");
  return spec == pod.json().end() ? "" : spec->value("nodeName", "");
}

std::string phase_of(const kube::Object& pod) {
  const auto status = pod.json().find("status");
  return status == pod.json().end() ? "" : status->value("phase", "");
}

/// Pods of other schedulers wait for theirs.
bool is_ours_to_place(const kube::Object& pod) {
  const auto spec = pod.json().find("spec");
  return spec != pod.json().end() && spec->value("schedulerName", "default-scheduler") == "default-scheduler";
}

bool has_ended(const kube::Object& pod) { return phase_of(pod) == "Succeeded" || phase_of(pod) == "Failed"; }

class Runner final : public PodRunner, public PodLookup {
 public:
  Runner(std::shared_ptr<kube::Client> client, Options options, AddressPool addresses, const Clock& clock)
      : client_(std::move(client)),
        options_(std::move(options)),
        clock_(clock),
        addresses_(std::move(addresses)),
        context_{client_, clock_, "127.0.0.1", options_.images, options_.state_dir, addresses_},
        events_(client_, "troupe-local", clock_) {}

  ~Runner() override {
    reflector_.reset();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
      thread_.join();
    }
    server_.reset();
    workers_.clear();
    std::error_code ignored;
    std::filesystem::remove_all(options_.state_dir, ignored);
  }

  Result<void> begin(Random& random) {
    if (auto served = serve_kubelet(); !served) {
      return served.error();
    }
    const platform::CgroupLimits limits = platform::read_cgroup_limits();
    description_.name = options_.node_name;
    description_.address = "127.0.0.1";
    description_.kubelet_port = server_->local().port;
    // Requests are promises between pods of one laptop, not isolation: twice the CPUs may be promised.
    description_.cpus = limits.cpus * 2;
    description_.memory_bytes = limits.memory_bytes.value_or(std::uint64_t{64} << 30);
    if (auto registered = register_node(*client_, description_, clock_); !registered) {
      return registered.error();
    }
    thread_ = std::thread([this] { run(); });
    reflector_ = std::make_unique<kube::Reflector>(client_, kube::pods, kube::Reflector::Options{}, clock_, random,
                                                   [this](const kube::Change& change) { on_change(change); });
    return {};
  }

  std::shared_ptr<ContainerLog> log(const std::string& pod_key, const std::string& container,
                                    bool previous) const override {
    const std::lock_guard lock(workers_mutex_);
    const auto found = by_key_.find(pod_key);
    return found == by_key_.end() ? nullptr : found->second->log(container, previous);
  }

  std::optional<ProgramContext> program_context(const std::string& pod_key,
                                                const std::string& container) const override {
    const std::lock_guard lock(workers_mutex_);
    const auto found = by_key_.find(pod_key);
    return found == by_key_.end() ? std::nullopt : found->second->program_context(container);
  }

 private:
  Result<void> serve_kubelet() {
    auto ca = platform::make_ca("troupe-local node " + options_.node_name, std::chrono::hours(24 * 365));
    if (!ca) {
      return ca.error();
    }
    auto leaf = platform::issue_certificate(*ca, options_.node_name, {"127.0.0.1", options_.node_name},
                                            std::chrono::hours(24 * 365), platform::CertificateUse::server);
    if (!leaf) {
      return leaf.error();
    }
    platform::HttpServer::Options http;
    http.at = {"127.0.0.1", 0};
    http.tls = platform::HttpServer::Tls{leaf->certificate_pem, leaf->private_key_pem, options_.client_ca_pem};
    auto server = start_kubelet_server(std::move(http), *this, clock_);
    if (!server) {
      return server.error();
    }
    server_ = std::move(*server);
    return {};
  }

  void on_change(const kube::Change& change) {
    {
      const std::lock_guard lock(mutex_);
      changes_.push_back(change);
    }
    wake_.notify_all();
  }

  void run() {
    Instant heartbeat_due = clock_.now() + heartbeat_period;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_.wait_until(lock, std::min(heartbeat_due, retry_due_),
                       [this] { return stopping_ || !changes_.empty() || !ended_.empty(); });
      std::deque<kube::Change> changes;
      std::deque<std::string> ended;
      changes.swap(changes_);
      ended.swap(ended_);
      lock.unlock();
      for (const std::string& uid : ended) {
        forget(uid);
      }
      for (const kube::Change& change : changes) {
        apply(change);
      }
      if (clock_.now() >= retry_due_) {
        retry_due_ = Instant::max();
        for (const auto& [uid, pod] : std::exchange(unplaced_, {})) {
          bind_if_fitting(pod);
        }
      }
      if (clock_.now() >= heartbeat_due) {
        heartbeat_due = clock_.now() + heartbeat_period;
        if (auto alive = register_node(*client_, description_, clock_); !alive) {
          log_warning("no heartbeat", {{"node", options_.node_name}, {"error", alive.error().message}});
        }
      }
      lock.lock();
    }
  }

  void apply(const kube::Change& change) {
    if (!change.after) {
      placed_.erase(change.before->uid());
      unplaced_.erase(change.before->uid());
      if (const auto worker = workers_.find(change.before->uid()); worker != workers_.end()) {
        worker->second->vanish();
      }
      return;
    }
    const kube::Object& pod = *change.after;
    unplaced_.erase(pod.uid());
    if (bound_to(pod).empty()) {
      return bind_if_fitting(pod);
    }
    if (bound_to(pod) != options_.node_name) {
      return;
    }
    if (has_ended(pod)) {
      placed_.erase(pod.uid());
    } else {
      placed_[pod.uid()] = pod;
    }
    const auto worker = workers_.find(pod.uid());
    if (worker != workers_.end()) {
      worker->second->update(pod);
    } else if (!has_ended(pod) || pod.being_deleted()) {
      start_worker(pod);
    }
  }

  void start_worker(const kube::Object& pod) {
    const std::string uid = pod.uid();
    auto worker = std::make_unique<PodWorker>(context_, pod, [this, uid] {
      const std::lock_guard lock(mutex_);
      ended_.push_back(uid);
      wake_.notify_all();
    });
    const std::lock_guard lock(workers_mutex_);
    by_key_[pod.key()] = worker.get();
    key_of_[uid] = pod.key();
    workers_[uid] = std::move(worker);
  }

  void forget(const std::string& uid) {
    std::unique_ptr<PodWorker> worker;
    {
      const std::lock_guard lock(workers_mutex_);
      worker = std::move(workers_[uid]);
      workers_.erase(uid);
      const std::string key = key_of_[uid];
      key_of_.erase(uid);
      if (const auto current = by_key_.find(key); current != by_key_.end() && current->second == worker.get()) {
        by_key_.erase(current);
      }
    }
  }

  void bind_if_fitting(const kube::Object& pod) {
    if (!is_ours_to_place(pod) || !bound_to(pod).empty() || pod.being_deleted() || has_ended(pod) ||
        placed_.contains(pod.uid())) {
      return;
    }
    std::vector<kube::Object> placed;
    for (const auto& [uid, other] : placed_) {
      placed.push_back(other);
    }
    if (const std::string why_not = why_not_fitting(pod, description_, placed); !why_not.empty()) {
      try_again_later(pod);
      return report_unschedulable(pod, why_not);
    }
    const json binding = {{"apiVersion", "v1"},
                          {"kind", "Binding"},
                          {"metadata", {{"name", pod.name()}, {"namespace", pod.namespace_name()}, {"uid", pod.uid()}}},
                          {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", options_.node_name}}}};
    auto bound = client_->post_subresource(kube::pods, pod.namespace_name(), pod.name(), "binding", binding);
    if (bound) {
      placed_[pod.uid()] = pod;
      events_.record(pod, kube::EventType::normal, "Scheduled",
                     "Successfully assigned " + pod.key() + " to " + options_.node_name);
    } else if (bound.error().retriable()) {
      try_again_later(pod);
    }
  }

  void try_again_later(const kube::Object& pod) {
    unplaced_[pod.uid()] = pod;
    retry_due_ = std::min(retry_due_, clock_.now() + binding_retry);
  }

  void report_unschedulable(const kube::Object& pod, const std::string& message) {
    json conditions = json::array();
    const auto status = pod.json().find("status");
    if (status != pod.json().end() && status->contains("conditions")) {
      conditions = status->at("conditions");
    }
    const json made = {{"type", "PodScheduled"},
                       {"status", "False"},
                       {"reason", "Unschedulable"},
                       {"message", message},
                       {"lastTransitionTime", rfc3339(clock_.wall_now())}};
    for (const json& condition : conditions) {
      if (condition.value("type", "") == "PodScheduled" && condition.value("message", "") == message) {
        return;
      }
    }
    std::erase_if(conditions.get_ref<json::array_t&>(),
                  [](const json& c) { return c.value("type", "") == "PodScheduled"; });
    conditions.push_back(made);
    kube::WriteOptions options;
    options.subresource = "status";
    const json patch = {{"metadata", {{"uid", pod.uid()}, {"resourceVersion", pod.resource_version()}}},
                        {"status", {{"phase", "Pending"}, {"conditions", conditions}}}};
    if (client_->patch(kube::pods, pod.namespace_name(), pod.name(), kube::PatchType::merge, patch, options)) {
      events_.record(pod, kube::EventType::warning, "FailedScheduling", message);
    }
  }

  std::shared_ptr<kube::Client> client_;
  const Options options_;
  const Clock& clock_;
  AddressPool addresses_;
  NodeContext context_;
  kube::EventRecorder events_;
  NodeDescription description_;
  std::unique_ptr<platform::HttpServer> server_;

  // Used by the runner's thread alone.
  std::map<std::string, kube::Object> placed_;    ///< Bound to this node and not ended, by UID.
  std::map<std::string, kube::Object> unplaced_;  ///< Did not fit or could not be bound; tried again.
  Instant retry_due_ = Instant::max();

  mutable std::mutex workers_mutex_;
  std::unordered_map<std::string, std::unique_ptr<PodWorker>> workers_;  ///< By pod UID.
  std::unordered_map<std::string, PodWorker*> by_key_;
  std::unordered_map<std::string, std::string> key_of_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<kube::Change> changes_;
  std::deque<std::string> ended_;
  bool stopping_ = false;
  std::thread thread_;
  std::unique_ptr<kube::Reflector> reflector_;
};

}  // namespace

Result<std::unique_ptr<PodRunner>> PodRunner::start(std::shared_ptr<kube::Client> client, Options options,
                                                    const Clock& clock, Random& random) {
  auto addresses = AddressPool::create(options.pod_cidr);
  if (!addresses) {
    return addresses.error();
  }
  std::error_code failed;
  std::filesystem::create_directories(options.state_dir, failed);
  if (failed) {
    return Error{ErrorCode::invalid_argument, "state folder " + options.state_dir.string() + ": " + failed.message()};
  }
  auto runner = std::make_unique<Runner>(std::move(client), std::move(options), std::move(*addresses), clock);
  if (auto begun = runner->begin(random); !begun) {
    return begun.error();
  }
  return std::unique_ptr<PodRunner>(std::move(runner));
}

Result<std::pair<std::string, std::filesystem::path>> parse_image(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    return Error{ErrorCode::invalid_argument, "--image " + text + ": give NAME=PATH"};
  }
  const std::filesystem::path folder = std::filesystem::absolute(text.substr(equals + 1));
  if (!std::filesystem::is_directory(folder)) {
    return Error{ErrorCode::not_found, "--image " + text + ": " + folder.string() + " is no folder"};
  }
  return std::pair(text.substr(0, equals), folder);
}

}  // namespace troupe::local
