// Who is in which process group, as OTP's pg keeps it (kernel/src/pg.erl): this node's members, and those that the
// scope process of every other node has told of. Pure.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe::distribution {

struct TermOrder {
  bool operator()(const Term& left, const Term& right) const { return order(left, right) < 0; }
};

/// Group name -> members, one entry for each join.
using Membership = std::map<Term, std::vector<Pid>, TermOrder>;

class GroupTable {
 public:
  /// Memberships that one scope may tell of; what goes beyond is not taken.
  static constexpr std::size_t memberships_max = 1'000'000;

  void join(const Term& group, const Pid& process);
  /// Takes back one join; false when there was none.
  bool leave(const Term& group, const Pid& process);
  /// Takes back every join; the groups left, one entry for each join.
  std::vector<Term> leave_all(const Pid& process);
  [[nodiscard]] const Membership& local() const { return local_; }
  [[nodiscard]] std::vector<Pid> members(const Term& group) const;

  /// False when the scope process was known before.
  bool add_scope(const Pid& scope);
  void remove_scope(const Pid& scope);
  void remove_node(NodeIndex node);
  [[nodiscard]] std::vector<Pid> scopes() const;
  [[nodiscard]] bool knows(const Pid& scope) const { return remote_.contains(scope); }
  /// Replaces all that `scope` has told.
  void sync(const Pid& scope, Membership groups);
  /// False for a scope that is not known or has told too much.
  bool remote_join(const Pid& scope, const Term& group, const std::vector<Pid>& processes);
  /// Takes back one join for each process and entry of `groups`.
  void remote_leave(const Pid& scope, const std::vector<Pid>& processes, const std::vector<Term>& groups);

 private:
  struct Scope {
    Membership groups;
    std::size_t memberships = 0;
  };
  Membership local_;
  std::map<Pid, Scope> remote_;
};

}  // namespace troupe::distribution
