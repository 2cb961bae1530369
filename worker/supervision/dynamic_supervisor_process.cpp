#include "worker/supervision/dynamic_supervisor_process.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/supervision/child_list.hpp"

namespace troupe {
namespace {

Term refusal(Term reason) { return Term::tuple({Term::atom("error"), std::move(reason)}); }
Term refusal(const char* reason) { return refusal(Term::atom(reason)); }

}  // namespace

DynamicSupervisorProcess::DynamicSupervisorProcess(Runtime& runtime, DynamicSupervisorSpec spec)
    : runtime_(runtime), spec_(std::move(spec)), window_(spec_.intensity) {}

Term DynamicSupervisorProcess::handle(WhichChildren) const {
  std::vector<Term> list;
  list.reserve(size());
  const auto add = [&](Term who) {
    list.push_back(
        Term::tuple({Term::atom("undefined"), std::move(who), child_type(spec_.type), Term::atom("dynamic")}));
  };
  for (const auto& [pid, child] : children_) {
    add(Term::pid(pid));
  }
  for (std::size_t at = 0; at < retries_.size(); ++at) {
    add(Term::atom("restarting"));
  }
  return Term::list(std::move(list));
}

Term DynamicSupervisorProcess::handle(CountChildren) const {
  const bool supervisors = spec_.type == ChildType::supervisor;
  return child_counts(1, children_.size(), supervisors ? size() : 0, supervisors ? 0 : size());
}

void DynamicSupervisorProcess::handle(StartChild request, const From& from) {
  if (then_exit_) {
    return;  // Whoever asks learns of the end.
  }
  if (size() >= spec_.children_max) {
    troupe::reply(from, refusal("max_children"));
    return;
  }
  const auto started =
      start_guarded([&](Runtime& runtime) { return spec_.start(runtime, request.arguments); }, runtime_);
  if (!started) {
    troupe::reply(from, refusal(started.error().reason));
    return;
  }
  const Pid pid = started.value();
  if (pid.valid()) {
    children_[pid].arguments = std::move(request.arguments);
  }
  troupe::reply(from, Term::tuple({Term::atom("ok"), pid.valid() ? Term::pid(pid) : Term::atom("undefined")}));
}

void DynamicSupervisorProcess::handle(TerminateChild request, From from) {
  if (then_exit_) {
    return;
  }
  const auto pid = request.child.as_pid();
  if (!pid) {
    refuse(from);
    return;
  }
  if (const auto child = children_.find(*pid); child != children_.end()) {
    child->second.waiting.push_back(std::move(from));
    if (!child->second.stopping) {
      stop(*pid, child->second);
      if (spec_.shutdown_timeout > shutdown_brutal_kill && spec_.shutdown_timeout != shutdown_infinity) {
        child->second.kill_timer = troupe::start_timer(spec_.shutdown_timeout);
        kill_timers_[child->second.kill_timer] = *pid;
      }
    }
    return;
  }
  const auto retry =
      std::find_if(retries_.begin(), retries_.end(), [&](const auto& entry) { return entry.second.before == *pid; });
  if (retry == retries_.end()) {
    // One that has ended may have been a child, which is not told from a stranger any more.
    const bool ended = pid->local() && !runtime_.alive(*pid);
    troupe::reply(from, ended ? Term::atom("ok") : refusal("not_found"));
    return;
  }
  retries_.erase(retry);
  troupe::reply(from, Term::atom("ok"));
}

void DynamicSupervisorProcess::handle(RestartChild, const From& from) const { refuse(from); }
void DynamicSupervisorProcess::handle(DeleteChild, const From& from) const { refuse(from); }
void DynamicSupervisorProcess::refuse(const From& from) const {
  if (!then_exit_) {
    troupe::reply(from, refusal("simple_one_for_one"));
  }
}

void DynamicSupervisorProcess::handle(const Exit& exit) {
  if (exit.from == troupe::parent()) {
    give_up(exit.reason);
    return;
  }
  const auto child = children_.find(exit.from);
  if (child == children_.end()) {
    return;
  }
  if (child->second.stopping) {
    troupe::demonitor(child->second.monitor);
    stopped(exit.from);
  } else {
    child_ended(exit.from, exit.reason);
  }
}

void DynamicSupervisorProcess::handle(const Down& down) {
  const auto child = children_.find(down.from);
  if (child != children_.end() && child->second.stopping && child->second.monitor == down.reference) {
    stopped(down.from);
  }
}

void DynamicSupervisorProcess::handle(Timeout timeout) {
  if (auto retry = retries_.extract(timeout.timer)) {
    restart(retry.mapped().before, std::move(retry.mapped().arguments));
  } else if (const auto late = kill_timers_.extract(timeout.timer)) {
    kill(late.mapped());
  } else if (timeout.timer == kill_all_timer_ && kill_all_timer_ != 0) {
    for (const auto& [pid, child] : children_) {
      kill(pid);
    }
  }
}

void DynamicSupervisorProcess::child_ended(const Pid& pid, const Term& reason) {
  Term arguments = std::move(children_.extract(pid).mapped().arguments);
  const bool again = starts_again(spec_.restart, reason);
  if (spec_.restart == Restart::permanent || !reasons::is_orderly(reason)) {
    log_warning("child ended", {{"supervisor", text_for_log(troupe::self())},
                                {"child", text_for_log(pid)},
                                {"reason", text_for_log(reason)},
                                {"restarts", again}});
  }
  if (again) {
    restart(pid, std::move(arguments));
    return;
  }
  // Who is being terminated does not count: OTP's supervisor would have waited for its end before.
  const bool others_run = !retries_.empty() || std::any_of(children_.begin(), children_.end(),
                                                           [](const auto& other) { return !other.second.stopping; });
  const std::vector<ChildState> others(others_run ? 1 : 0, {spec_.restart, true, false, spec_.significant});
  if (shuts_down(spec_.auto_shutdown, {spec_.restart, false, false, spec_.significant}, others)) {
    give_up(reasons::shutdown());
  }
}

void DynamicSupervisorProcess::restart(const Pid& before, Term arguments) {
  if (!window_.add(runtime_.clock().now())) {
    log_error("too many restarts: supervisor gives up", {{"supervisor", text_for_log(troupe::self())},
                                                         {"child", text_for_log(before)},
                                                         {"restarts_max", spec_.intensity.restarts_max},
                                                         {"window_ms", spec_.intensity.window.count()}});
    give_up(reasons::shutdown());
    return;
  }
  const auto started = start_guarded([&](Runtime& runtime) { return spec_.start(runtime, arguments); }, runtime_);
  if (started) {
    if (started->valid()) {
      children_[*started].arguments = std::move(arguments);
    }
    return;
  }
  log_error("child failed to start", {{"supervisor", text_for_log(troupe::self())},
                                      {"child", text_for_log(before)},
                                      {"reason", text_for_log(started.error().reason)}});
  // Tried again after whatever waits in the mailbox, as OTP does; it counts as a restart.
  retries_[troupe::start_timer(std::chrono::nanoseconds::zero())] = {before, std::move(arguments)};
}

void DynamicSupervisorProcess::stop(const Pid& pid, Child& child) {
  child.stopping = true;
  child.monitor = troupe::monitor(pid);
  troupe::unlink(pid);
  troupe::exit(pid, spec_.shutdown_timeout <= shutdown_brutal_kill ? reasons::kill() : reasons::shutdown());
}

void DynamicSupervisorProcess::stopped(const Pid& pid) {
  const Child child = std::move(children_.extract(pid).mapped());
  if (child.kill_timer != 0) {
    troupe::cancel_timer(child.kill_timer);
    kill_timers_.erase(child.kill_timer);
  }
  for (const From& from : child.waiting) {
    troupe::reply(from, Term::atom("ok"));
  }
  if (then_exit_ && children_.empty()) {
    troupe::exit(*then_exit_);
  }
}

void DynamicSupervisorProcess::give_up(const Term& reason) {
  if (then_exit_) {
    return;
  }
  then_exit_ = reason;
  retries_.clear();
  if (children_.empty()) {
    troupe::exit(reason);
  }
  for (auto& [pid, child] : children_) {
    if (!child.stopping) {
      stop(pid, child);
    }
  }
  if (spec_.shutdown_timeout > shutdown_brutal_kill && spec_.shutdown_timeout != shutdown_infinity) {
    kill_all_timer_ = troupe::start_timer(spec_.shutdown_timeout);
  }
}

void DynamicSupervisorProcess::kill(const Pid& pid) {
  log_warning("child did not stop within its shutdown timeout and is killed",
              {{"supervisor", text_for_log(troupe::self())}, {"child", text_for_log(pid)}});
  troupe::exit(pid, reasons::kill());
}

}  // namespace troupe
