// The children of a supervisor in start order, and what it answers when asked about them. Private to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "troupe/process.hpp"
#include "worker/supervision/child_spec.hpp"
#include "worker/supervision/restart_plan.hpp"

namespace troupe {

struct Child {
  ChildSpec spec;
  Pid pid;
  bool running = false;
  bool restarting = false;
  TimerReference retry = 0;  ///< Of the next attempt while its start fails.
  std::uint64_t restarts = 0;
};

/// A Child keeps its address until it is removed.
class ChildList {
 public:
  Child& add(ChildSpec spec);
  void remove(const Child& child);

  /// By its id, as atom or text. Null when there is none, as below.
  [[nodiscard]] Child* by_id(const Term& id) const;
  /// Of a child that runs.
  [[nodiscard]] Child* by_pid(const Pid& pid) const;
  [[nodiscard]] Child* by_retry(TimerReference retry) const;

  /// For plans, whose indexes are those of `at`.
  [[nodiscard]] std::vector<ChildState> states() const;
  [[nodiscard]] Child& at(std::size_t index) const { return *children_[index]; }
  [[nodiscard]] std::size_t index_of(const Child& child) const;

  /// In the shapes of OTP's supervisor: see troupe/supervisor.hpp.
  [[nodiscard]] Term which() const;
  [[nodiscard]] Term count() const;
  /// #{Id => Count}
  [[nodiscard]] Term restart_counts() const;

 private:
  std::vector<std::unique_ptr<Child>> children_;
};

/// [{specs, _}, {active, _}, {supervisors, _}, {workers, _}]
Term child_counts(std::size_t specs, std::size_t active, std::size_t supervisors, std::size_t workers);
Term child_type(ChildType type);
ChildState state_of(const Child& child);

}  // namespace troupe
