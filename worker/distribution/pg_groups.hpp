// Process groups over every connected node, Troupe's and Erlang's, by the protocol of OTP's pg (scope `pg`). The
// runtime asks it as `Groups`; a process registered as `pg` speaks with its like on other nodes.
//
// OTP's pg does not look for hidden nodes, so this side sends the discover whenever a node comes up; from then on both
// sides know each other. As in pg, members of a node vanish when its link goes, and come back with it.
#pragma once

#include <memory>

#include "worker/process/groups.hpp"
#include "worker/process/remote.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Thread-safe. Group names are atoms on the wire: UTF-8, at most 255 characters; `join` throws for others.
class PgGroups final : public Groups {
 public:
  /// Spawns and registers `pg`. `runtime` and `nodes` outlive it; runtime.set_groups(nullptr) before it is destroyed.
  PgGroups(Runtime& runtime, RemoteNodes& nodes);
  ~PgGroups() override;
  PgGroups(const PgGroups&) = delete;
  PgGroups& operator=(const PgGroups&) = delete;

  void join(std::string_view group, const Pid& process) override;
  bool leave(std::string_view group, const Pid& process) override;
  [[nodiscard]] std::vector<Pid> members(std::string_view group) const override;
  void process_ended(const Pid& process) override;

 private:
  class Scope;
  class State;
  /// Shared with the process, which may still have a turn when this is destroyed.
  std::shared_ptr<State> state_;
};

}  // namespace troupe
