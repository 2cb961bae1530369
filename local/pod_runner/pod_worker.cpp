#include "local/pod_runner/pod_worker.hpp"

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/pod_contract.hpp"
#include "kube/resource_types.hpp"
#include "local/pod_runner/container_environment.hpp"
#include "local/pod_runner/environment.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr Duration config_error_retry = 1s;
constexpr Duration image_retry = 10s;
constexpr Duration api_retry = 1s;

bool same_where_written(const json& written, const json& current) {
  for (const auto& [key, value] : written.items()) {
    const auto found = current.find(key);
    if (value.is_null() ? found != current.end() : (found == current.end() || *found != value)) {
      return false;
    }
  }
  return true;
}

json status_of(const kube::Object& pod) {
  const auto found = pod.json().find("status");
  return found != pod.json().end() && found->is_object() ? *found : json::object();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) {
    all += (all.empty() ? "" : "; ") + line;
  }
  return all;
}

}  // namespace

PodWorker::PodWorker(NodeContext& node, kube::Object pod, std::function<void()> on_done)
    : node_(node), pod_(std::move(pod)), spec_(parse_pod_spec(pod_.json())), on_done_(std::move(on_done)) {
  for (const ContainerSpec& container : spec_.containers) {
    containers_.emplace_back().spec = container;
  }
  thread_ = std::thread([this] { run(); });
}

PodWorker::~PodWorker() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void PodWorker::update(kube::Object pod) { post(Updated{std::move(pod)}); }
void PodWorker::vanish() { post(Vanished{}); }

void PodWorker::post(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wake_.notify_all();
}

std::shared_ptr<ContainerLog> PodWorker::log(const std::string& container, bool previous) const {
  const std::lock_guard lock(mutex_);
  for (const Container& one : containers_) {
    if (one.spec.name == container || container.empty()) {
      return previous ? one.previous_log : one.log;
    }
  }
  return nullptr;
}

std::optional<ProgramContext> PodWorker::program_context(const std::string& container) const {
  const std::lock_guard lock(mutex_);
  for (const Container& one : containers_) {
    if ((one.spec.name == container || container.empty()) && one.process) {
      return one.context;
    }
  }
  return std::nullopt;
}

void PodWorker::run() {
  prepare();
  while (!vanished_ && !stopping_) {
    if (pod_.being_deleted()) {
      terminate();
      break;
    }
    step();
    publish();
    handle_events(next_due());
  }
  kill_all();
  std::error_code ignored;
  if (!stopping_) {
    std::filesystem::remove_all(dir_, ignored);
    node_.addresses.give_back(pod_.uid());
  }
  on_done_();
}

void PodWorker::prepare() {
  dir_ = node_.state_dir / pod_.uid();
  seen_.host_ip = node_.host_ip;
  seen_.started = node_.clock.wall_now();
  seen_.refused = joined(spec_.refused);
  std::error_code failed;
  std::filesystem::create_directories(dir_, failed);
  if (failed) {
    seen_.refused = "cannot make " + dir_.string() + ": " + failed.message();
  }
  if (auto ip = node_.addresses.take(pod_.uid())) {
    seen_.pod_ip = *ip;
  } else {
    seen_.refused = ip.error().message;
  }
  for (Container& container : containers_) {
    // The restart count survives a restart of this node, as it does on a kubelet.
    for (const json& before : status_of(pod_).value("containerStatuses", json::array())) {
      if (before.value("name", "") == container.spec.name && before.contains("containerID")) {
        container.state.restarts = before.value("restartCount", 0) + 1;
      }
    }
    container.start_due = node_.clock.now();
  }
}

void PodWorker::step() {
  const Instant now = node_.clock.now();
  if (!seen_.refused.empty()) {
    return;
  }
  if (now >= token_due_) {
    token_due_ = now + 60s;
    if (auto written = write_service_account(); !written) {
      log_warning("cannot renew a pod's token", {{"pod", pod_.key()}, {"error", written.error().message}});
    }
  }
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    Container& container = containers_[i];
    if (container.state.phase == ContainerState::Phase::waiting && now >= container.start_due) {
      start_container(i);
    } else if (container.state.phase == ContainerState::Phase::running) {
      probe_container(container);
    }
  }
}

Result<void> PodWorker::write_service_account() {
  auto lifetime = write_service_account_folder(*node_.client, pod_, spec_.service_account, dir_ / "serviceaccount");
  if (!lifetime) {
    return lifetime.error();
  }
  // A kubelet renews at 80 % of a token's life.
  token_due_ = node_.clock.now() + std::chrono::duration_cast<Duration>(*lifetime * 4 / 5);
  return {};
}

void PodWorker::wait_with(Container& container, const std::string& reason, const std::string& message,
                          Duration retry_after) {
  container.state.phase = ContainerState::Phase::waiting;
  container.state.reason = reason;
  container.state.message = message;
  container.start_due = node_.clock.now() + retry_after;
}

void PodWorker::start_container(std::size_t index) {
  Container& container = containers_[index];
  const auto image = node_.images.find(container.spec.image);
  if (image == node_.images.end()) {
    return wait_with(container, "ErrImagePull",
                     "image \"" + container.spec.image + "\" is no folder known to this node; start it with --image " +
                         container.spec.image + "=PATH",
                     image_retry);
  }
  if (spec_.mount_service_account_token && token_due_ == Instant::max()) {
    if (auto written = write_service_account(); !written) {
      token_due_ = Instant::max();
      return wait_with(container, "CreateContainerConfigError", written.error().message, config_error_retry);
    }
  }
  auto context = make_program_context(*node_.client, container.spec, pod_, spec_, image->second, seen_.pod_ip,
                                      seen_.host_ip, dir_ / "serviceaccount");
  if (!context) {
    return wait_with(container, "CreateContainerConfigError", context.error().message, config_error_retry);
  }
  const std::uint64_t instance = ++container.instance;
  auto instance_log = std::make_shared<ContainerLog>(
      dir_ / (container.spec.name + "." + std::to_string(instance % 2) + ".log"), node_.clock);
  platform::OsProcessSpec program;
  for (const std::string& argument : container.spec.command) {
    program.argv.push_back(expand_references(argument, context->env));
  }
  program.env = context->env;
  program.working_dir = context->working_dir;
  program.on_stdout = [instance_log](std::string_view piece) { instance_log->append("stdout", piece); };
  program.on_stderr = [instance_log](std::string_view piece) { instance_log->append("stderr", piece); };
  auto started = platform::OsProcess::start(std::move(program),
                                            [this, index, instance, instance_log](platform::OsProcessExit how) {
                                              instance_log->finish();
                                              post(Ended{index, instance, how});
                                            });
  if (!started) {
    ++container.state.restarts;
    return wait_with(container, "RunContainerError", started.error().message,
                     container.backoff.next(node_.clock.now(), node_.clock.now()));
  }
  const Instant now = node_.clock.now();
  container.started = now;
  container.state.phase = ContainerState::Phase::running;
  container.state.message.clear();
  container.state.started = node_.clock.wall_now();
  container.state.startup_passed = !container.spec.startup_probe;
  container.state.ready = !container.spec.readiness_probe && container.state.startup_passed;
  container.state.id = "process://" + std::to_string((*started)->pid());
  container.end_reason.clear();
  const auto state_of = [now](const std::optional<ProbeSpec>& probe) {
    return probe ? std::optional<ProbeState>(ProbeState(*probe, now)) : std::nullopt;
  };
  container.startup = state_of(container.spec.startup_probe);
  container.readiness = container.startup ? std::nullopt : state_of(container.spec.readiness_probe);
  container.liveness = container.startup ? std::nullopt : state_of(container.spec.liveness_probe);
  const std::lock_guard lock(mutex_);
  container.previous_log = std::exchange(container.log, std::move(instance_log));
  container.context = std::move(*context);
  container.process = std::move(*started);
}

void PodWorker::probe_container(Container& container) {
  const auto run_if_due = [&](std::optional<ProbeState>& probe) {
    if (!probe || node_.clock.now() < probe->due()) {
      return ProbeOutcome{};
    }
    ProbeOutcome outcome = run_probe(probe->spec().target, container.context, probe->spec().timeout);
    probe->record(outcome.succeeded, node_.clock.now());
    return outcome;
  };
  const auto kill_for = [&](const char* which, const std::string& message) {
    container.end_reason = std::string(which) + " probe failed, container restarts: " + message;
    container.process->signal_group(SIGTERM);
    container.startup.reset();
    container.liveness.reset();
    container.readiness.reset();
    container.state.ready = false;
  };
  if (container.startup) {
    const ProbeOutcome outcome = run_if_due(container.startup);
    if (container.startup->verdict() == ProbeState::Verdict::success) {
      const Instant now = node_.clock.now();
      container.startup.reset();
      container.state.startup_passed = true;
      container.readiness = container.spec.readiness_probe
                                ? std::optional(ProbeState(*container.spec.readiness_probe, now))
                                : std::nullopt;
      container.liveness =
          container.spec.liveness_probe ? std::optional(ProbeState(*container.spec.liveness_probe, now)) : std::nullopt;
      container.state.ready = !container.readiness;
    } else if (container.startup->verdict() == ProbeState::Verdict::failure) {
      return kill_for("Startup", outcome.message);
    } else {
      return;
    }
  }
  if (container.readiness) {
    run_if_due(container.readiness);
    container.state.ready = container.readiness->verdict() == ProbeState::Verdict::success;
  }
  if (container.liveness) {
    const ProbeOutcome outcome = run_if_due(container.liveness);
    if (container.liveness->verdict() == ProbeState::Verdict::failure) {
      kill_for("Liveness", outcome.message);
    }
  }
}

void PodWorker::on_ended(const Ended& ended) {
  Container& container = containers_[ended.container];
  if (ended.instance != container.instance || !container.process) {
    return;
  }
  std::unique_ptr<platform::OsProcess> process;
  {
    const std::lock_guard lock(mutex_);
    process = std::move(container.process);
  }
  process.reset();
  const bool failed = ended.how.code != 0 || ended.how.signal != 0;
  container.state.ready = false;
  container.state.startup_passed = false;
  container.state.last =
      ContainerState::Ended{ended.how.code,       ended.how.signal,        failed ? "Error" : "Completed",
                            container.end_reason, container.state.started, node_.clock.wall_now()};
  container.startup.reset();
  container.readiness.reset();
  container.liveness.reset();
  const bool again =
      spec_.restart_policy == RestartPolicy::always || (spec_.restart_policy == RestartPolicy::on_failure && failed);
  if (!again || pod_.being_deleted()) {
    container.state.phase = ContainerState::Phase::terminated;
    return;
  }
  ++container.state.restarts;
  const std::chrono::seconds delay = container.backoff.next(container.started, node_.clock.now());
  wait_with(container, delay == 0s ? "ContainerCreating" : "CrashLoopBackOff",
            delay == 0s
                ? ""
                : "back-off " + std::to_string(delay.count()) + "s restarting failed container=" + container.spec.name,
            delay);
}

bool PodWorker::any_running() const {
  return std::any_of(containers_.begin(), containers_.end(), [](const Container& c) { return c.process != nullptr; });
}

std::chrono::seconds PodWorker::deletion_grace() const {
  return std::chrono::seconds(std::max<std::int64_t>(
      0, pod_.json().at("metadata").value("deletionGracePeriodSeconds", spec_.grace_period.count())));
}

void PodWorker::run_pre_stop(Instant deadline) {
  for (Container& container : containers_) {
    const Instant now = node_.clock.now();
    if (!container.process || !container.spec.pre_stop || now >= deadline) {
      continue;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
    const ProbeOutcome outcome = run_probe(*container.spec.pre_stop, container.context, left);
    if (!outcome.succeeded) {
      log_warning("preStop failed",
                  {{"pod", pod_.key()}, {"container", container.spec.name}, {"error", outcome.message}});
    }
  }
}

void PodWorker::terminate() {
  const Instant asked = node_.clock.now();
  run_pre_stop(asked + deletion_grace());
  for (Container& container : containers_) {
    if (container.process) {
      container.process->signal_group(SIGTERM);
    } else if (container.state.phase == ContainerState::Phase::waiting) {
      container.state.phase = ContainerState::Phase::terminated;
    }
  }
  while (any_running() && !vanished_ && !stopping_) {
    // A second delete may have shortened the grace.
    const Instant deadline = asked + deletion_grace();
    if (node_.clock.now() >= deadline) {
      break;
    }
    handle_events(deadline);
  }
  kill_all();
  if (!stopping_ && !vanished_) {
    publish();
    remove_object();
  }
}

void PodWorker::kill_all() {
  for (Container& container : containers_) {
    if (container.process) {
      container.process->signal_group(SIGKILL);
    }
  }
  while (any_running()) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return !events_.empty(); });
    Event event = std::move(events_.front());
    events_.pop_front();
    lock.unlock();
    if (const auto* ended = std::get_if<Ended>(&event)) {
      on_ended(*ended);
    }
  }
}

void PodWorker::publish() {
  seen_.containers.clear();
  for (const Container& container : containers_) {
    seen_.containers.push_back(container.state);
  }
  publish_due_ = Instant::max();
  for (int attempt = 0; attempt < 5; ++attempt) {
    const json current = status_of(pod_);
    const json status = build_pod_status(spec_, seen_, current, node_.clock.wall_now());
    if (same_where_written(status, current)) {
      return;
    }
    const json patch = {{"metadata", {{"uid", pod_.uid()}, {"resourceVersion", pod_.resource_version()}}},
                        {"status", status}};
    kube::WriteOptions options;
    options.subresource = "status";
    auto written =
        node_.client->patch(kube::pods, pod_.namespace_name(), pod_.name(), kube::PatchType::merge, patch, options);
    if (written) {
      pod_ = std::move(*written);
      return;
    }
    if (!written.error().conflict()) {
      vanished_ |= written.error().not_found();
      log_warning("cannot write a pod's status", {{"pod", pod_.key()}, {"error", written.error().message}});
      break;
    }
    auto fresh = node_.client->get(kube::pods, pod_.namespace_name(), pod_.name());
    if (!fresh && !fresh.error().not_found()) {
      break;
    }
    if (!fresh || fresh->uid() != pod_.uid()) {
      vanished_ = true;
      return;
    }
    pod_ = std::move(*fresh);
  }
  publish_due_ = node_.clock.now() + api_retry;
}

void PodWorker::remove_object() {
  kube::DeleteOptions options;
  options.uid = pod_.uid();
  options.grace_period_seconds = 0;
  while (!vanished_ && !stopping_) {
    auto removed = node_.client->remove(kube::pods, pod_.namespace_name(), pod_.name(), options);
    if (removed || removed.error().not_found() || removed.error().conflict()) {
      return;
    }
    log_warning("cannot remove an ended pod", {{"pod", pod_.key()}, {"error", removed.error().message}});
    handle_events(node_.clock.now() + api_retry);
  }
}

Instant PodWorker::next_due() const {
  Instant due = std::min(publish_due_, token_due_);
  if (!seen_.refused.empty()) {
    return publish_due_;
  }
  for (const Container& container : containers_) {
    if (container.state.phase == ContainerState::Phase::waiting) {
      due = std::min(due, container.start_due);
    }
    for (const auto* probe : {&container.startup, &container.readiness, &container.liveness}) {
      if (*probe) {
        due = std::min(due, (*probe)->due());
      }
    }
  }
  return due;
}

void PodWorker::handle_events(Instant due) {
  std::deque<Event> events;
  {
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return abandoned_ || !events_.empty(); };
    if (due == Instant::max()) {
      wake_.wait(lock, woken);
    } else {
      wake_.wait_until(lock, due, woken);
    }
    stopping_ = abandoned_;
    events.swap(events_);
  }
  for (Event& event : events) {
    if (const auto* ended = std::get_if<Ended>(&event)) {
      on_ended(*ended);
    } else if (std::holds_alternative<Vanished>(event)) {
      vanished_ = true;
    } else if (auto* updated = std::get_if<Updated>(&event); updated->pod.uid() == pod_.uid()) {
      pod_ = std::move(updated->pod);
    }
  }
}

}  // namespace troupe::local
