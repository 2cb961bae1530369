#include "worker/supervision/supervisor_process.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/exit_reasons.hpp"

namespace troupe {

SupervisorProcess::SupervisorProcess(Runtime& runtime, SupervisorSpec spec, std::shared_ptr<StartOutcome> outcome)
    : runtime_(runtime), spec_(std::move(spec)), window_(spec_.intensity) {
  for (ChildSpec& child_spec : std::exchange(spec_.children, {})) {
    Child& child = children_.add(std::move(child_spec));
    Term failure;
    if (!start_child(child, failure)) {
      outcome->failure =
          Term::tuple({reasons::shutdown(),
                       Term::tuple({Term::atom("failed_to_start_child"), Term::atom(child.spec.id), failure})});
      // Those already up need their time to stop, which a constructor does not have.
      begin(plan_shutdown(children_.states()), outcome->failure);
      return;
    }
    if (!child.running) {
      has_stopped(child);
    }
  }
}

void SupervisorProcess::handle(Exit exit) {
  if (exit.from == troupe::parent()) {
    give_up(exit.reason);
  } else if (work_ && exit.from == work_->stopping) {
    troupe::demonitor(work_->monitor);
    stopped(exit.reason);
  } else {
    Child* const child = children_.by_pid(exit.from);
    if (child == nullptr) {
      return;
    }
    if (work_ && std::find(work_->stop.begin(), work_->stop.end(), child) != work_->stop.end()) {
      child->running = false;
    } else {
      waiting_.emplace_back(std::move(exit));
    }
  }
  settle();
}

void SupervisorProcess::handle(const Down& down) {
  if (work_ && down.reference == work_->monitor) {
    stopped(down.reason);
    settle();
  }
}

void SupervisorProcess::handle(Timeout timeout) {
  if (work_ && timeout.timer == work_->kill_timer) {
    work_->kill_timer = 0;
    log_warning("child did not stop within its shutdown timeout and is killed",
                {{"supervisor", text_for_log(troupe::self())}, {"child", text_for_log(work_->stopping)}});
    troupe::exit(work_->stopping, reasons::kill());
  } else if (children_.by_retry(timeout.timer) != nullptr) {
    waiting_.emplace_back(timeout);
    settle();
  }
}

/// Everything that waits, until one of it makes work that takes its time. Called by handlers alone, so that long rows
/// of ends and requests do not nest.
void SupervisorProcess::settle() {
  while (!work_ && !waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    std::visit([this](const auto& what) { act(what); }, next);
  }
}

void SupervisorProcess::act(const Exit& exit) {
  if (Child* const child = children_.by_pid(exit.from)) {
    child_ended(*child, exit.reason);
  }
}

void SupervisorProcess::act(Timeout retry) {
  Child* const child = children_.by_retry(retry.timer);
  if (child != nullptr && child->restarting) {
    child->retry = 0;
    restart(*child, Term::atom("failed_to_start"));
  }
}

void SupervisorProcess::child_ended(Child& child, const Term& reason) {
  child.running = false;
  const bool again = starts_again(child.spec.restart, reason);
  if (child.spec.restart == Restart::permanent || !reasons::is_orderly(reason)) {
    log_warning("child ended", {{"supervisor", text_for_log(troupe::self())},
                                {"child", child.spec.id},
                                {"reason", text_for_log(reason)},
                                {"restarts", again}});
  }
  if (again) {
    restart(child, reason);
    return;
  }
  const ChildState ended = state_of(child);
  has_stopped(child);
  if (shuts_down(spec_.auto_shutdown, ended, children_.states())) {
    give_up(reasons::shutdown());
  }
}

void SupervisorProcess::restart(Child& child, const Term& reason) {
  if (!window_.add(runtime_.clock().now())) {
    log_error("too many restarts: supervisor gives up", {{"supervisor", text_for_log(troupe::self())},
                                                         {"child", child.spec.id},
                                                         {"restarts_max", spec_.intensity.restarts_max},
                                                         {"window_ms", spec_.intensity.window.count()}});
    give_up(reasons::shutdown());
    return;
  }
  child.restarting = true;
  ++child.restarts;
  if (spec_.on_restart) {
    spec_.on_restart(child.spec.id, reason);
  }
  begin(plan_restart(spec_.strategy, children_.states(), children_.index_of(child)), std::nullopt);
}

void SupervisorProcess::give_up(Term reason) {
  if (!work_) {
    begin(plan_shutdown(children_.states()), std::move(reason));
    return;
  }
  if (work_->then_exit) {
    return;
  }
  // The child that is being stopped stays so; everything else follows. Whoever waits for an answer learns of the end.
  work_->start.clear();
  work_->stop.clear();
  work_->answer.reset();
  for (const std::size_t index : plan_shutdown(children_.states()).stop) {
    if (children_.at(index).pid != work_->stopping) {
      work_->stop.push_back(&children_.at(index));
    }
  }
  work_->then_exit = std::move(reason);
}

void SupervisorProcess::begin(const RestartPlan& plan, std::optional<Term> then_exit) {
  work_.emplace();
  for (const std::size_t index : plan.stop) {
    work_->stop.push_back(&children_.at(index));
  }
  for (const std::size_t index : plan.start) {
    work_->start.push_back(&children_.at(index));
  }
  work_->then_exit = std::move(then_exit);
  go_on();
}

void SupervisorProcess::go_on() {
  while (!work_->stop.empty()) {
    Child& child = *work_->stop.front();
    work_->stop.pop_front();
    if (child.running) {
      stop_child(child);
      return;
    }
    has_stopped(child);
  }
  if (work_->then_exit) {
    troupe::exit(*work_->then_exit);
  }
  const Work done = *std::exchange(work_, std::nullopt);
  if (done.answer) {
    troupe::reply(*done.answer, Term::atom("ok"));
  }
  start_all(done.start);
}

void SupervisorProcess::stop_child(Child& child) {
  work_->stopping = child.pid;
  // As OTP's: from here its end is told by the monitor, also when it has unlinked itself.
  work_->monitor = troupe::monitor(child.pid);
  troupe::unlink(child.pid);
  if (child.spec.shutdown_timeout <= shutdown_brutal_kill) {
    troupe::exit(child.pid, reasons::kill());
    return;
  }
  troupe::exit(child.pid, reasons::shutdown());
  if (child.spec.shutdown_timeout != shutdown_infinity) {
    work_->kill_timer = troupe::start_timer(child.spec.shutdown_timeout);
  }
}

void SupervisorProcess::stopped(const Term& reason) {
  if (Child* const child = children_.by_pid(work_->stopping)) {
    if (!reasons::is_orderly(reason) && child->spec.shutdown_timeout > shutdown_brutal_kill) {
      log_warning("child ended with another reason than shutdown while it was stopped",
                  {{"child", child->spec.id}, {"reason", text_for_log(reason)}});
    }
    child->running = false;
    has_stopped(*child);
  }
  if (work_->kill_timer != 0) {
    troupe::cancel_timer(std::exchange(work_->kill_timer, 0));
  }
  work_->stopping = {};
  go_on();
}

/// A temporary child that does not run is forgotten.
void SupervisorProcess::has_stopped(Child& child) {
  if (child.spec.restart == Restart::temporary) {
    children_.remove(child);
  }
}

bool SupervisorProcess::start_child(Child& child, Term& failure) {
  auto started = start_guarded(child.spec.start, runtime_);
  child.running = started.ok() && started->valid();
  if (started) {
    child.pid = *started;
    child.restarting = false;
    child.retry = 0;
    return true;
  }
  failure = started.error().reason;
  log_error(
      "child failed to start",
      {{"supervisor", text_for_log(troupe::self())}, {"child", child.spec.id}, {"reason", text_for_log(failure)}});
  return false;
}

void SupervisorProcess::start_all(const std::vector<Child*>& children) {
  for (Child* const child : children) {
    // An attempt of their own is called off: this one takes its place.
    child->restarting = false;
    child->retry = 0;
  }
  for (Child* const child : children) {
    Term failure;
    if (!child->running && !start_child(*child, failure)) {
      // Tried again after whatever waits in the mailbox, as OTP does; it counts as a restart.
      child->restarting = true;
      child->retry = troupe::start_timer(std::chrono::nanoseconds::zero());
      return;
    }
  }
}

}  // namespace troupe
