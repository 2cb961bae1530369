#include "worker/node/application_keeper.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace troupe::node {

ApplicationKeeper::ApplicationKeeper(Runtime& runtime, ApplicationSurroundings surroundings, const Clock& clock,
                                     std::function<void()> on_change)
    : runtime_(runtime),
      surroundings_(std::move(surroundings)),
      clock_(clock),
      on_change_(std::move(on_change)),
      retired_(runtime, clock),
      thread_([this] { run(); }) {}

ApplicationKeeper::~ApplicationKeeper() {
  stop_all(Duration(0));
  thread_.join();
}

void ApplicationKeeper::set_wanted(std::vector<kube::Object> applications) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(applications);
  }
  wake_.notify_all();
}

bool ApplicationKeeper::first_pass_done() const {
  const std::lock_guard lock(mutex_);
  return first_pass_done_;
}

std::vector<ApplicationReport> ApplicationKeeper::reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<ApplicationReport> all;
  for (const auto& [name, report] : reports_) {
    all.push_back(report);
  }
  return all;
}

std::map<std::string, std::uint64_t> ApplicationKeeper::restarts() const {
  const std::lock_guard lock(mutex_);
  return restarts_;
}

bool ApplicationKeeper::stop_all(Duration timeout) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  return wake_.wait_for(lock, timeout, [this] { return stopped_; });
}

void ApplicationKeeper::run() {
  std::unique_lock lock(mutex_);
  Instant again = Instant::max();
  while (!stopping_) {
    const auto something = [this] { return stopping_ || wanted_.has_value() || !ended_.empty(); };
    if (again == Instant::max()) {
      wake_.wait(lock, something);
    } else {
      wake_.wait_until(lock, again, something);
    }
    if (stopping_) {
      break;
    }
    auto wanted = std::exchange(wanted_, std::nullopt);
    lock.unlock();
    take_ended();
    if (wanted) {
      read_specs(*wanted);
    }
    again = act();
    lock.lock();
    first_pass_done_ |= wanted.has_value();
    lock.unlock();
    on_change_();
    lock.lock();
  }
  lock.unlock();
  while (!start_order_.empty()) {
    stop(start_order_.back());
  }
  lock.lock();
  stopped_ = true;
  wake_.notify_all();
}

void ApplicationKeeper::read_specs(const std::vector<kube::Object>& applications) {
  specs_.clear();
  for (const kube::Object& application : applications) {
    if (!application.being_deleted()) {
      specs_.emplace(application.name(), parse_application(application));
      versions_[application.name()] = specs_.at(application.name()).ok() && specs_.at(application.name())->module
                                          ? specs_.at(application.name())->module->version
                                          : "";
    }
  }
}

Instant ApplicationKeeper::act() {
  std::map<std::string, WantedApplication> wanted;
  for (const auto& [name, spec] : specs_) {
    wanted[name] =
        spec.ok() ? WantedApplication{spec->fingerprint, spec->shape} : WantedApplication{spec.error().message, ""};
  }
  std::map<std::string, RunningApplication> running;
  for (const auto& [name, entry] : entries_) {
    running[name] = entry.state;
  }
  const ApplicationPlan plan = plan_applications(wanted, running, clock_.now());
  for (const std::string& name : plan.upgrade) {
    upgrade(name, wanted.at(name));
  }
  for (const std::string& name : plan.stop) {
    stop(name);
    entries_.erase(name);
    forget_report(name);
  }
  for (const std::string& name : plan.start) {
    start(name, wanted.at(name));
  }
  // Starts that failed have set a time of their own.
  Instant again = std::min(plan.again, retired_.unload());
  for (const auto& [name, entry] : entries_) {
    if (!entry.state.alive) {
      again = std::min(again, entry.state.start_again);
    }
  }
  return again;
}

void ApplicationKeeper::start(const std::string& name, const WantedApplication& wanted) {
  Entry& entry = entries_[name];
  entry.state.fingerprint = wanted.fingerprint;
  entry.state.shape = wanted.shape;
  const Result<ApplicationSpec>& spec = specs_.at(name);
  if (!spec.ok()) {
    return fail(name, entry,
                {spec.error().code == ErrorCode::unsupported ? "Unsupported" : "SpecInvalid", spec.error().message});
  }
  const std::uint64_t incarnation = ++last_incarnation_;
  auto application = Application::start(
      runtime_, *spec, surroundings_, retired_,
      [this, name, incarnation](const Term& reason) {
        const std::lock_guard lock(mutex_);
        ended_.push_back({name, incarnation, reason});
        wake_.notify_all();
      },
      [this, name] {
        const std::lock_guard lock(mutex_);
        ++restarts_[Application::supervisor_name(name)];
      });
  if (!application) {
    return fail(name, entry, application.error());
  }
  entry.application = std::move(*application);
  entry.incarnation = incarnation;
  entry.started = clock_.now();
  entry.state.alive = true;
  entry.version = versions_[name];
  start_order_.push_back(name);
  log_info("application started", {{"application", name}, {"version", versions_[name]}});
  set_report({name, versions_[name], true, "", ""});
}

void ApplicationKeeper::upgrade(const std::string& name, const WantedApplication& wanted) {
  Entry& entry = entries_.at(name);
  entry.state.fingerprint = wanted.fingerprint;  // Also of one that is refused: it is tried again when it is changed.
  const auto upgraded = entry.application->upgrade(*specs_.at(name), surroundings_);
  if (!upgraded) {
    log_warning("application not upgraded: the version before goes on",
                {{"application", name}, {"reason", upgraded.error().reason}, {"error", upgraded.error().message}});
    set_report({name, entry.version, false, upgraded.error().reason,
                "version " + entry.version + " goes on: " + upgraded.error().message});
    return;
  }
  if (*upgraded == Application::Upgrade::needs_restart) {
    log_info("application restarted for its new version: it has a class that cannot save or load its state",
             {{"application", name}});
    stop(name);
    start(name, wanted);
    return;
  }
  entry.version = versions_[name];
  set_report({name, entry.version, true, "", ""});
}

void ApplicationKeeper::fail(const std::string& name, Entry& entry, const ApplicationFailure& failure) {
  entry.state.alive = false;
  entry.state.start_again = clock_.now() + application_backoff(++entry.failures);
  log_warning("application does not run",
              {{"application", name}, {"reason", failure.reason}, {"error", failure.message}});
  set_report({name, versions_[name], false, failure.reason, failure.message});
}

void ApplicationKeeper::take_ended() {
  std::vector<EndedSupervisor> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const EndedSupervisor& one : ended) {
    const auto entry = entries_.find(one.name);
    if (entry == entries_.end() || entry->second.incarnation != one.incarnation || !entry->second.state.alive) {
      continue;
    }
    std::erase(start_order_, one.name);
    entry->second.application.reset();
    if (clock_.now() - entry->second.started > failures_forgotten_after) {
      entry->second.failures = 0;
    }
    fail(one.name, entry->second,
         one.reason.is_atom("shutdown")
             ? ApplicationFailure{"RestartIntensityExceeded",
                                  "more restarts than spec.supervisor.intensity allows; started again after a while"}
             : ApplicationFailure{"SupervisorEnded", "the supervisor ended: " + one.reason.text()});
  }
}

void ApplicationKeeper::stop(const std::string& name) {
  const auto entry = entries_.find(name);
  std::erase(start_order_, name);
  if (entry == entries_.end() || !entry->second.state.alive) {
    return;
  }
  entry->second.state.alive = false;
  entry->second.application->stop();
  const std::uint64_t incarnation = entry->second.incarnation;
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] {
    return std::any_of(ended_.begin(), ended_.end(),
                       [incarnation](const EndedSupervisor& one) { return one.incarnation == incarnation; });
  });
  std::erase_if(ended_, [incarnation](const EndedSupervisor& one) { return one.incarnation == incarnation; });
  lock.unlock();
  entry->second.application.reset();
  log_info("application stopped", {{"application", name}});
}

void ApplicationKeeper::set_report(ApplicationReport report) {
  const std::lock_guard lock(mutex_);
  reports_[report.name] = std::move(report);
}

void ApplicationKeeper::forget_report(const std::string& name) {
  const std::lock_guard lock(mutex_);
  reports_.erase(name);
}

}  // namespace troupe::node
