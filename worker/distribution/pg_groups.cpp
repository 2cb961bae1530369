#include "worker/distribution/pg_groups.hpp"

#include <mutex>

#include "base/log.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/group_table.hpp"
#include "worker/distribution/pg_message.hpp"

namespace troupe {

using distribution::GroupTable;
using distribution::PgDiscover;
using distribution::PgJoin;
using distribution::PgLeave;
using distribution::PgSync;

/// The table and the sending. Sends under the lock, so that every peer hears joins and leaves in the order they were
/// made.
class PgGroups::State {
 public:
  State(Runtime& runtime, RemoteNodes& nodes) : runtime_(runtime), nodes_(nodes) {}

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    runtime_.exit(scope_, Term::atom("kill"));
  }

  void attach(const Pid& scope) {
    const std::lock_guard lock(mutex_);
    scope_ = scope;
  }

  void join(const Term& group, const Pid& process) {
    const std::lock_guard lock(mutex_);
    table_.join(group, process);
    send_to_all(distribution::pg_join(scope_, group, process));
  }

  bool leave(const Term& group, const Pid& process) {
    const std::lock_guard lock(mutex_);
    if (!table_.leave(group, process)) {
      return false;
    }
    send_to_all(distribution::pg_leave(scope_, process, {group}));
    return true;
  }

  [[nodiscard]] std::vector<Pid> members(const Term& group) const {
    const std::lock_guard lock(mutex_);
    return table_.members(group);
  }

  void process_ended(const Pid& process) {
    const std::lock_guard lock(mutex_);
    if (const auto left = table_.leave_all(process); !left.empty()) {
      send_to_all(distribution::pg_leave(scope_, process, left));
    }
  }

  // --- From the scope process ---

  void node_came(NodeIndex node) {
    const std::lock_guard lock(mutex_);
    RemoteSignal discover;
    discover.kind = RemoteSignal::Kind::send_name;
    discover.from = scope_;
    discover.to_name = "pg";
    discover.payload = distribution::pg_discover(scope_);
    route(node, std::move(discover));
  }

  void node_went(NodeIndex node) {
    const std::lock_guard lock(mutex_);
    table_.remove_node(node);
  }

  void scope_ended(const Pid& scope) {
    const std::lock_guard lock(mutex_);
    table_.remove_scope(scope);
  }

  void receive(const Term& term) {
    auto message = distribution::read_pg_message(term);
    if (!message) {
      return log_warning("pg: a message that is none of its protocol", {{"message", term.text().substr(0, 200)}});
    }
    const std::lock_guard lock(mutex_);
    std::visit([this](auto& each) { act(each); }, *message);
  }

 private:
  void act(const PgDiscover& discover) {
    send(discover.scope, distribution::pg_sync(scope_, table_.local()));
    if (!discover.scope.local() && meet(discover.scope)) {
      send(discover.scope, distribution::pg_discover(scope_));
    }
  }
  void act(PgSync& sync) {
    if (!sync.scope.local()) {
      meet(sync.scope);
      table_.sync(sync.scope, std::move(sync.groups));
    }
  }
  void act(const PgJoin& join) {
    if (table_.knows(join.scope) && !table_.remote_join(join.scope, join.group, join.processes)) {
      log_warning("pg: a node has more memberships than are taken", {{"node", node_name(join.scope.node)}});
    }
  }
  void act(const PgLeave& leave) { table_.remote_leave(leave.scope, leave.processes, leave.groups); }

  /// True when `scope` was a stranger. Called in the scope process, which hears of its end.
  bool meet(const Pid& scope) {
    if (!table_.add_scope(scope)) {
      return false;
    }
    (void)troupe::monitor(scope);
    return true;
  }

  void send(const Pid& to, Term message) {
    RemoteSignal signal;
    signal.kind = RemoteSignal::Kind::send;
    signal.from = scope_;
    signal.to = to;
    signal.payload = std::move(message);
    route(to.node, std::move(signal));
  }

  void send_to_all(const Term& message) {
    for (const Pid& scope : table_.scopes()) {
      send(scope, message);
    }
  }

  void route(NodeIndex node, RemoteSignal&& signal) {
    if (closed_ || node == 0) {
      return;
    }
    if (!nodes_.route(node, std::move(signal))) {
      // A lost join or leave would be wrong for ever; a new link starts with a sync.
      nodes_.disconnect(node);
    }
  }

  Runtime& runtime_;
  RemoteNodes& nodes_;
  mutable std::mutex mutex_;
  GroupTable table_;
  Pid scope_;
  bool closed_ = false;
};

/// The process `pg`: hands on what it hears.
class PgGroups::Scope {
 public:
  using messages = troupe::messages<>;

  explicit Scope(std::shared_ptr<State> state) : state_(std::move(state)) {
    state_->attach(self());
    monitor_nodes();
    for (const std::string& name : nodes()) {
      if (const auto node = intern_node_name(name)) {
        state_->node_came(*node);
      }
    }
  }

  void handle(Term message) { state_->receive(message); }
  void handle(Down down) { state_->scope_ended(down.from); }
  void handle(NodeUp up) {
    if (const auto node = intern_node_name(up.node)) {
      state_->node_came(*node);
    }
  }
  void handle(NodeDown down) {
    if (const auto node = intern_node_name(down.node)) {
      state_->node_went(*node);
    }
  }

 private:
  std::shared_ptr<State> state_;
};

PgGroups::PgGroups(Runtime& runtime, RemoteNodes& nodes) : state_(std::make_shared<State>(runtime, nodes)) {
  const RuntimeScope here(runtime);
  SpawnOptions options;
  options.name = "pg";
  (void)troupe::spawn_with<Scope>(options, state_);
}

PgGroups::~PgGroups() { state_->close(); }

void PgGroups::join(std::string_view group, const Pid& process) { state_->join(Term::atom(group), process); }
bool PgGroups::leave(std::string_view group, const Pid& process) { return state_->leave(Term::atom(group), process); }
std::vector<Pid> PgGroups::members(std::string_view group) const { return state_->members(Term::atom(group)); }
void PgGroups::process_ended(const Pid& process) { state_->process_ended(process); }

}  // namespace troupe
