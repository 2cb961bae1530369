#include "worker/distribution/pg_message.hpp"

namespace troupe::distribution {
namespace {

Term list_of(const std::vector<Pid>& pids) {
  std::vector<Term> terms;
  terms.reserve(pids.size());
  for (const Pid& pid : pids) {
    terms.push_back(Term::pid(pid));
  }
  return Term::list(std::move(terms));
}

/// A pid or a list of pids.
std::optional<std::vector<Pid>> read_pids(const Term& term) {
  if (const auto pid = term.as_pid()) {
    return std::vector<Pid>{*pid};
  }
  const auto elements = term.as_list();
  if (!elements) {
    return std::nullopt;
  }
  std::vector<Pid> pids;
  for (const Term& element : *elements) {
    const auto pid = element.as_pid();
    if (!pid) {
      return std::nullopt;
    }
    pids.push_back(*pid);
  }
  return pids;
}

std::optional<PgMessage> read_sync(const Pid& scope, const Term& listed) {
  const auto entries = listed.as_list();
  if (!entries) {
    return std::nullopt;
  }
  PgSync sync{scope, {}};
  for (const Term& entry : *entries) {
    const auto pair = entry.as_tuple();
    auto pids = pair && pair->size() == 2 ? read_pids((*pair)[1]) : std::nullopt;
    if (!pids) {
      return std::nullopt;
    }
    if (!pids->empty()) {
      sync.groups[(*pair)[0]] = std::move(*pids);
    }
  }
  return sync;
}

}  // namespace

std::optional<PgMessage> read_pg_message(const Term& term) {
  if (term.is_tagged("$gen_cast", 2)) {
    return read_pg_message((*term.as_tuple())[1]);
  }
  const auto fields = term.as_tuple();
  const auto scope = fields && fields->size() >= 2 ? (*fields)[1].as_pid() : std::nullopt;
  if (!scope) {
    return std::nullopt;
  }
  // Later versions of pg add fields to a discover.
  if ((*fields)[0].is_atom("discover")) {
    return PgDiscover{*scope};
  }
  if (term.is_tagged("sync", 3)) {
    return read_sync(*scope, (*fields)[2]);
  }
  if (term.is_tagged("join", 4)) {
    auto pids = read_pids((*fields)[3]);
    return pids ? std::optional<PgMessage>(PgJoin{*scope, (*fields)[2], std::move(*pids)}) : std::nullopt;
  }
  if (term.is_tagged("leave", 4)) {
    auto pids = read_pids((*fields)[2]);
    const auto groups = (*fields)[3].as_list();
    if (pids && groups) {
      return PgLeave{*scope, std::move(*pids), {groups->begin(), groups->end()}};
    }
  }
  return std::nullopt;
}

Term pg_discover(const Pid& self) { return Term::tuple({Term::atom("discover"), Term::pid(self)}); }

Term pg_sync(const Pid& self, const Membership& local) {
  std::vector<Term> entries;
  entries.reserve(local.size());
  for (const auto& [group, pids] : local) {
    entries.push_back(Term::tuple({group, list_of(pids)}));
  }
  return Term::tuple(
      {Term::atom("$gen_cast"), Term::tuple({Term::atom("sync"), Term::pid(self), Term::list(std::move(entries))})});
}

Term pg_join(const Pid& self, const Term& group, const Pid& process) {
  return Term::tuple({Term::atom("join"), Term::pid(self), group, Term::pid(process)});
}

Term pg_leave(const Pid& self, const Pid& process, const std::vector<Term>& groups) {
  return Term::tuple({Term::atom("leave"), Term::pid(self), Term::pid(process), Term::list(groups)});
}

}  // namespace troupe::distribution
