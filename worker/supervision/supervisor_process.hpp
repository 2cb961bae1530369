// The class of supervisor processes. Private to this folder.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "troupe/process.hpp"
#include "worker/supervision/child_list.hpp"
#include "worker/supervision/restart_plan.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {

struct RestartCounts {
  using Reply = Term;
};

/// How the first start of the children went; shared with the caller, which waits for nothing else.
struct StartOutcome {
  std::optional<Term> failure;
};

class SupervisorProcess {
 public:
  static constexpr bool handles_parent_exit = true;
  static constexpr bool supervisor_process = true;
  using messages = troupe::messages<WhichChildren, CountChildren, RestartCounts, AddChild, TerminateChild, RestartChild,
                                    DeleteChild>;

  SupervisorProcess(Runtime& runtime, SupervisorSpec spec, std::shared_ptr<StartOutcome> outcome);

  Term handle(WhichChildren) { return children_.which(); }
  Term handle(CountChildren) { return children_.count(); }
  Term handle(RestartCounts) { return children_.restart_counts(); }
  void handle(AddChild request, From from) { later({std::move(request), std::move(from)}); }
  void handle(TerminateChild request, From from) { later({std::move(request), std::move(from)}); }
  void handle(RestartChild request, From from) { later({std::move(request), std::move(from)}); }
  void handle(DeleteChild request, From from) { later({std::move(request), std::move(from)}); }
  void handle(Exit exit);
  void handle(const Down& down);
  void handle(Timeout timeout);

 private:
  /// Requests wait for the work under way; OTP's wait in the mailbox.
  static constexpr std::size_t requests_waiting_max = 4096;

  /// What is under way: children to stop, one after the other, then those to start, or an answer, or the end.
  struct Work {
    std::deque<Child*> stop;
    std::vector<Child*> start;
    std::optional<From> answer;
    std::optional<Term> then_exit;
    Pid stopping;  ///< The child that is being waited for.
    Reference monitor;
    TimerReference kill_timer = 0;
  };
  struct Request {
    std::variant<AddChild, TerminateChild, RestartChild, DeleteChild> what;
    From from;
  };

  void later(Request request);
  void settle();
  void act(const Exit& exit);
  void act(Timeout retry);
  void act(const Request& request);
  std::optional<Term> answer(const AddChild& request, const From& from);
  std::optional<Term> answer(const TerminateChild& request, const From& from);
  std::optional<Term> answer(const RestartChild& request, const From& from);
  std::optional<Term> answer(const DeleteChild& request, const From& from);

  void child_ended(Child& child, const Term& reason);
  void restart(Child& child, const Term& reason);
  void give_up(Term reason);
  void begin(const RestartPlan& plan, std::optional<Term> then_exit);
  void go_on();
  void stop_child(Child& child);
  void stopped(const Term& reason);
  void has_stopped(Child& child);
  bool start_child(Child& child, Term& failure);
  void start_all(const std::vector<Child*>& children);

  Runtime& runtime_;
  SupervisorSpec spec_;
  RestartWindow window_;
  ChildList children_;
  std::optional<Work> work_;
  /// What came while work was under way: at most one end and one retry of each child, and so many requests.
  std::deque<std::variant<Exit, Timeout, Request>> waiting_;
  std::size_t requests_waiting_ = 0;
};

}  // namespace troupe
