// The class of supervisor processes. Private to this folder.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/process.hpp"
#include "worker/supervision/child_spec.hpp"
#include "worker/supervision/restart_plan.hpp"

namespace troupe {

struct WhichChildren {
  using Reply = Term;
};
struct CountChildren {
  using Reply = Term;
};
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
  using messages = troupe::messages<WhichChildren, CountChildren, RestartCounts>;

  SupervisorProcess(Runtime& runtime, SupervisorSpec spec, std::shared_ptr<StartOutcome> outcome);

  Term handle(WhichChildren);
  Term handle(CountChildren);
  Term handle(RestartCounts);
  void handle(const Exit& exit);
  void handle(const Down& down);
  void handle(Timeout timeout);

 private:
  struct Child {
    ChildSpec spec;
    Pid pid;
    bool running = false;
    bool restarting = false;
    bool removed = false;
    std::uint64_t restarts = 0;
  };
  /// What is under way: children to stop, one after the other, then those to start, or the end.
  struct Work {
    std::deque<std::size_t> stop;
    std::vector<std::size_t> start;
    std::optional<Term> then_exit;
    Pid stopping;  ///< The child that is being waited for.
    Reference monitor;
    TimerReference kill_timer = 0;
  };

  [[nodiscard]] std::vector<ChildState> states() const;
  [[nodiscard]] std::optional<std::size_t> child_of(const Pid& pid) const;
  void child_ended(std::size_t index, const Term& reason);
  void restart(std::size_t index, const Term& reason);
  void give_up(Term reason);
  void begin(RestartPlan plan, std::optional<Term> then_exit);
  void go_on();
  void stop_child(Child& child);
  void stopped(const Term& reason);
  bool start_child(std::size_t index, Term& failure);
  void start_all(const std::vector<std::size_t>& indexes);
  void after_work();

  Runtime& runtime_;
  SupervisorSpec spec_;
  RestartWindow window_;
  std::vector<Child> children_;
  std::optional<Work> work_;
  std::deque<Exit> deferred_;  ///< Ends of children while work was under way; each child has at most one.
  TimerReference retry_timer_ = 0;
  std::size_t retry_child_ = 0;
};

}  // namespace troupe
