// Messages between the scope processes of OTP's pg, as terms.
//   {discover, Pid}                              who are you? (answered with a sync)
//   {'$gen_cast', {sync, Pid, [{Group, [Pid]}]}} all members of my node
//   {join, Pid, Group, Pid | [Pid]}
//   {leave, Pid, Pid | [Pid], [Group]}
#pragma once

#include <optional>
#include <variant>

#include "worker/distribution/group_table.hpp"

namespace troupe::distribution {

struct PgDiscover {
  Pid scope;
};
struct PgSync {
  Pid scope;
  Membership groups;
};
struct PgJoin {
  Pid scope;
  Term group;
  std::vector<Pid> processes;
};
struct PgLeave {
  Pid scope;
  std::vector<Pid> processes;
  std::vector<Term> groups;
};
using PgMessage = std::variant<PgDiscover, PgSync, PgJoin, PgLeave>;

/// Nothing for a term that is none of them. Reads a sync with or without its '$gen_cast'.
std::optional<PgMessage> read_pg_message(const Term& term);

[[nodiscard]] Term pg_discover(const Pid& self);
[[nodiscard]] Term pg_sync(const Pid& self, const Membership& local);
[[nodiscard]] Term pg_join(const Pid& self, const Term& group, const Pid& process);
[[nodiscard]] Term pg_leave(const Pid& self, const Pid& process, const std::vector<Term>& groups);

}  // namespace troupe::distribution
