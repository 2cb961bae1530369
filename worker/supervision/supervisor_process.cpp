#include "worker/supervision/supervisor_process.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/exit_reasons.hpp"

namespace troupe {

SupervisorProcess::SupervisorProcess(Runtime& runtime, SupervisorSpec spec, std::shared_ptr<StartOutcome> outcome)
    : runtime_(runtime), spec_(std::move(spec)), window_(spec_.intensity) {
  for (ChildSpec& child : spec_.children) {
    children_.push_back({std::move(child), {}, false, false, false, 0});
  }
  for (std::size_t at = 0; at < children_.size(); ++at) {
    Term failure;
    if (start_child(at, failure)) {
      continue;
    }
    outcome->failure =
        Term::tuple({reasons::shutdown(),
                     Term::tuple({Term::atom("failed_to_start_child"), Term::atom(children_[at].spec.id), failure})});
    // Those already up need their time to stop, which a constructor does not have.
    begin(plan_shutdown(states()), outcome->failure);
    return;
  }
}

Term SupervisorProcess::handle(WhichChildren) {
  std::vector<Term> list;
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->removed) {
      continue;
    }
    const Term who = child->running      ? Term::pid(child->pid)
                     : child->restarting ? Term::atom("restarting")
                                         : Term::atom("undefined");
    const bool is_supervisor = child->spec.type == ChildType::supervisor;
    list.push_back(Term::tuple(
        {Term::atom(child->spec.id), who, Term::atom(is_supervisor ? "supervisor" : "worker"), Term::atom("dynamic")}));
  }
  return Term::list(std::move(list));
}

Term SupervisorProcess::handle(CountChildren) {
  std::int64_t specs = 0;
  std::int64_t active = 0;
  std::int64_t supervisors = 0;
  for (const Child& child : children_) {
    specs += child.removed ? 0 : 1;
    active += child.running ? 1 : 0;
    supervisors += !child.removed && child.spec.type == ChildType::supervisor ? 1 : 0;
  }
  const auto count = [](std::string_view what, std::int64_t value) {
    return Term::tuple({Term::atom(what), Term::integer(value)});
  };
  return Term::list({count("specs", specs), count("active", active), count("supervisors", supervisors),
                     count("workers", specs - supervisors)});
}

Term SupervisorProcess::handle(RestartCounts) {
  std::vector<Term::Pair> counts;
  for (const Child& child : children_) {
    counts.emplace_back(Term::atom(child.spec.id), Term::integer(static_cast<std::int64_t>(child.restarts)));
  }
  return Term::map(std::move(counts));
}

void SupervisorProcess::handle(const Exit& exit) {
  if (exit.from == troupe::parent()) {
    give_up(exit.reason);
  } else if (!work_) {
    if (const auto index = child_of(exit.from)) {
      child_ended(*index, exit.reason);
    }
  } else if (exit.from == work_->stopping) {
    troupe::demonitor(work_->monitor);
    stopped(exit.reason);
  } else if (const auto index = child_of(exit.from)) {
    const bool to_be_stopped = std::find(work_->stop.begin(), work_->stop.end(), *index) != work_->stop.end();
    if (to_be_stopped) {
      children_[*index].running = false;
    } else {
      deferred_.push_back(exit);
    }
  }
}

void SupervisorProcess::handle(const Down& down) {
  if (work_ && down.reference == work_->monitor) {
    stopped(down.reason);
  }
}

void SupervisorProcess::handle(Timeout timeout) {
  if (work_ && timeout.timer == work_->kill_timer) {
    work_->kill_timer = 0;
    log_warning("child did not stop within its shutdown timeout and is killed",
                {{"supervisor", text_for_log(troupe::self())}, {"child", text_for_log(work_->stopping)}});
    troupe::exit(work_->stopping, reasons::kill());
  } else if (timeout.timer == retry_timer_ && retry_timer_ != 0) {
    retry_timer_ = 0;
    if (!work_ && children_[retry_child_].restarting) {
      restart(retry_child_, Term::atom("failed_to_start"));
    }
  }
}

std::vector<ChildState> SupervisorProcess::states() const {
  std::vector<ChildState> states;
  for (const Child& child : children_) {
    states.push_back({child.spec.restart, child.running, child.removed});
  }
  return states;
}

std::optional<std::size_t> SupervisorProcess::child_of(const Pid& pid) const {
  for (std::size_t at = 0; at < children_.size(); ++at) {
    if (children_[at].running && children_[at].pid == pid) {
      return at;
    }
  }
  return std::nullopt;
}

void SupervisorProcess::child_ended(std::size_t index, const Term& reason) {
  Child& child = children_[index];
  child.running = false;
  const bool again = starts_again(child.spec.restart, reason);
  if (child.spec.restart == Restart::permanent || !reasons::is_orderly(reason)) {
    log_warning("child ended", {{"supervisor", text_for_log(troupe::self())},
                                {"child", child.spec.id},
                                {"reason", text_for_log(reason)},
                                {"restarts", again}});
  }
  if (again) {
    restart(index, reason);
  } else if (child.spec.restart == Restart::temporary) {
    child.removed = true;
  }
}

void SupervisorProcess::restart(std::size_t index, const Term& reason) {
  if (!window_.add(runtime_.clock().now())) {
    log_error("too many restarts: supervisor gives up", {{"supervisor", text_for_log(troupe::self())},
                                                         {"child", children_[index].spec.id},
                                                         {"restarts_max", spec_.intensity.restarts_max},
                                                         {"window_ms", spec_.intensity.window.count()}});
    give_up(reasons::shutdown());
    return;
  }
  children_[index].restarting = true;
  ++children_[index].restarts;
  if (spec_.on_restart) {
    spec_.on_restart(children_[index].spec.id, reason);
  }
  begin(plan_restart(spec_.strategy, states(), index), std::nullopt);
}

void SupervisorProcess::give_up(Term reason) {
  if (work_) {
    // The child that is being stopped stays so; everything else follows.
    if (work_->then_exit) {
      return;
    }
    for (const Exit& exit : std::exchange(deferred_, {})) {
      if (const auto index = child_of(exit.from)) {
        children_[*index].running = false;
      }
    }
    work_->start.clear();
    work_->stop.clear();
    for (const std::size_t index : plan_shutdown(states()).stop) {
      if (children_[index].pid != work_->stopping) {
        work_->stop.push_back(index);
      }
    }
    work_->then_exit = std::move(reason);
    return;
  }
  begin(plan_shutdown(states()), std::move(reason));
}

void SupervisorProcess::begin(RestartPlan plan, std::optional<Term> then_exit) {
  work_.emplace();
  work_->stop.assign(plan.stop.begin(), plan.stop.end());
  work_->start = std::move(plan.start);
  work_->then_exit = std::move(then_exit);
  go_on();
}

void SupervisorProcess::go_on() {
  while (!work_->stop.empty()) {
    Child& child = children_[work_->stop.front()];
    work_->stop.pop_front();
    if (child.running) {
      stop_child(child);
      return;
    }
  }
  if (work_->then_exit) {
    troupe::exit(*work_->then_exit);
  }
  const std::vector<std::size_t> start = std::move(work_->start);
  work_.reset();
  start_all(start);
  after_work();
}

void SupervisorProcess::stop_child(Child& child) {
  work_->stopping = child.pid;
  // As OTP's: from here its end is told by the monitor, also when it has unlinked itself.
  work_->monitor = troupe::monitor(child.pid);
  troupe::unlink(child.pid);
  if (child.spec.shutdown_timeout <= std::chrono::milliseconds::zero()) {
    troupe::exit(child.pid, reasons::kill());
    return;
  }
  troupe::exit(child.pid, reasons::shutdown());
  if (child.spec.shutdown_timeout != shutdown_infinity) {
    work_->kill_timer = troupe::start_timer(child.spec.shutdown_timeout);
  }
}

void SupervisorProcess::stopped(const Term& reason) {
  if (const auto index = child_of(work_->stopping)) {
    Child& child = children_[*index];
    child.running = false;
    child.removed = child.removed || child.spec.restart == Restart::temporary;
    if (!reason.is_atom("shutdown") && !reason.is_tagged("shutdown", 2) && !reason.is_atom("normal")) {
      log_warning("child ended with another reason than shutdown while it was stopped",
                  {{"child", child.spec.id}, {"reason", text_for_log(reason)}});
    }
  }
  if (work_->kill_timer != 0) {
    troupe::cancel_timer(std::exchange(work_->kill_timer, 0));
  }
  work_->stopping = {};
  go_on();
}

bool SupervisorProcess::start_child(std::size_t index, Term& failure) {
  Child& child = children_[index];
  auto started = child.spec.start(runtime_);
  child.running = started.ok();
  if (started) {
    child.pid = *started;
    child.restarting = false;
    return true;
  }
  failure = started.error().reason;
  log_error(
      "child failed to start",
      {{"supervisor", text_for_log(troupe::self())}, {"child", child.spec.id}, {"reason", text_for_log(failure)}});
  return false;
}

void SupervisorProcess::start_all(const std::vector<std::size_t>& indexes) {
  for (const std::size_t index : indexes) {
    if (children_[index].running) {
      continue;
    }
    Term failure;
    if (!start_child(index, failure)) {
      // Tried again after whatever waits in the mailbox, as OTP does; it counts as a restart.
      children_[index].restarting = true;
      retry_child_ = index;
      retry_timer_ = troupe::start_timer(std::chrono::nanoseconds::zero());
      return;
    }
  }
}

void SupervisorProcess::after_work() {
  while (!work_ && !deferred_.empty()) {
    const Exit exit = std::move(deferred_.front());
    deferred_.pop_front();
    if (const auto index = child_of(exit.from)) {
      child_ended(*index, exit.reason);
    }
  }
}

}  // namespace troupe
