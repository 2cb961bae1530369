// The class of dynamic supervisors. Private to this folder.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "troupe/process.hpp"
#include "worker/supervision/dynamic_supervisor.hpp"
#include "worker/supervision/restart_plan.hpp"

namespace troupe {

class DynamicSupervisorProcess {
 public:
  static constexpr bool handles_parent_exit = true;
  static constexpr bool supervisor_process = true;
  using messages =
      troupe::messages<WhichChildren, CountChildren, StartChild, TerminateChild, RestartChild, DeleteChild>;

  DynamicSupervisorProcess(Runtime& runtime, DynamicSupervisorSpec spec);

  Term handle(WhichChildren) const;
  Term handle(CountChildren) const;
  void handle(StartChild request, const From& from);
  void handle(TerminateChild request, From from);
  void handle(RestartChild, const From& from) const;
  void handle(DeleteChild, const From& from) const;
  void handle(const Exit& exit);
  void handle(const Down& down);
  void handle(Timeout timeout);

 private:
  struct Child {
    Term arguments;
    bool stopping = false;
    Reference monitor;
    TimerReference kill_timer = 0;
    std::vector<From> waiting;  ///< For its end: callers of terminate_child.
  };
  struct Retry {
    Pid before;  ///< What the child was known as.
    Term arguments;
  };

  [[nodiscard]] std::size_t size() const { return children_.size() + retries_.size(); }
  void refuse(const From& from) const;
  void child_ended(const Pid& pid, const Term& reason);
  void restart(const Pid& before, Term arguments);
  void stop(const Pid& pid, Child& child);
  void stopped(const Pid& pid);
  void give_up(const Term& reason);
  void kill(const Pid& pid);

  Runtime& runtime_;
  const DynamicSupervisorSpec spec_;
  RestartWindow window_;
  std::unordered_map<Pid, Child> children_;
  std::unordered_map<TimerReference, Retry> retries_;    ///< Children whose start has failed.
  std::unordered_map<TimerReference, Pid> kill_timers_;  ///< Of children that were terminated one by one.
  std::optional<Term> then_exit_;                        ///< Set while all are being stopped.
  TimerReference kill_all_timer_ = 0;
};

}  // namespace troupe
