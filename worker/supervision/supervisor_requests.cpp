// What a supervisor does for those who ask it to change its children: OTP's answers, term for term.
#include <utility>

#include "worker/process/exit_reasons.hpp"
#include "worker/supervision/supervisor_process.hpp"

namespace troupe {
namespace {

Term error(Term reason) { return Term::tuple({Term::atom("error"), std::move(reason)}); }
Term error(const char* reason) { return error(Term::atom(reason)); }

Term started(const Child& child) {
  return Term::tuple({Term::atom("ok"), child.running ? Term::pid(child.pid) : Term::atom("undefined")});
}

}  // namespace

void SupervisorProcess::later(Request request) {
  if (requests_waiting_ >= requests_waiting_max) {
    troupe::reply(request.from, error("system_limit"));
    return;
  }
  ++requests_waiting_;
  waiting_.emplace_back(std::move(request));
  settle();
}

void SupervisorProcess::act(const Request& request) {
  --requests_waiting_;
  const auto reply = std::visit([&](const auto& what) { return answer(what, request.from); }, request.what);
  if (reply) {
    troupe::reply(request.from, *reply);
  }
}

std::optional<Term> SupervisorProcess::answer(const AddChild& request, const From& /*from*/) {
  if (!request.spec) {
    return error("invalid_child_spec");
  }
  if (auto fault = fault_of(*request.spec, spec_.auto_shutdown)) {
    return error(std::move(*fault));
  }
  if (const Child* const present = children_.by_id(Term::atom(request.spec->id))) {
    return present->running ? error(Term::tuple({Term::atom("already_started"), Term::pid(present->pid)}))
                            : error("already_present");
  }
  Child& child = children_.add(*request.spec);
  Term failure;
  if (!start_child(child, failure)) {
    children_.remove(child);
    return error(std::move(failure));
  }
  const Term reply = started(child);
  if (!child.running && child.spec.restart == Restart::temporary) {
    children_.remove(child);
  }
  return reply;
}

std::optional<Term> SupervisorProcess::answer(const TerminateChild& request, const From& from) {
  Child* const child = children_.by_id(request.child);
  if (child == nullptr) {
    return error("not_found");
  }
  child->restarting = false;
  child->retry = 0;
  work_.emplace();
  work_->stop.push_back(child);
  work_->answer = from;
  go_on();
  return std::nullopt;
}

std::optional<Term> SupervisorProcess::answer(const RestartChild& request, const From& /*from*/) {
  Child* const child = children_.by_id(request.child);
  if (child == nullptr) {
    return error("not_found");
  }
  if (child->running || child->restarting) {
    return error(child->running ? "running" : "restarting");
  }
  Term failure;
  return start_child(*child, failure) ? started(*child) : error(std::move(failure));
}

std::optional<Term> SupervisorProcess::answer(const DeleteChild& request, const From& /*from*/) {
  Child* const child = children_.by_id(request.child);
  if (child == nullptr) {
    return error("not_found");
  }
  if (child->running || child->restarting) {
    return error(child->running ? "running" : "restarting");
  }
  children_.remove(*child);
  return Term::atom("ok");
}

}  // namespace troupe
