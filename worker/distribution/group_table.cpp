#include "worker/distribution/group_table.hpp"

#include <algorithm>

namespace troupe::distribution {
namespace {

bool take_one(Membership& groups, const Term& group, const Pid& process) {
  const auto found = groups.find(group);
  if (found == groups.end()) {
    return false;
  }
  const auto member = std::find(found->second.begin(), found->second.end(), process);
  if (member == found->second.end()) {
    return false;
  }
  found->second.erase(member);
  if (found->second.empty()) {
    groups.erase(found);
  }
  return true;
}

}  // namespace

void GroupTable::join(const Term& group, const Pid& process) { local_[group].push_back(process); }

bool GroupTable::leave(const Term& group, const Pid& process) { return take_one(local_, group, process); }

std::vector<Term> GroupTable::leave_all(const Pid& process) {
  std::vector<Term> left;
  for (auto group = local_.begin(); group != local_.end();) {
    left.insert(left.end(), std::erase(group->second, process), group->first);
    group = group->second.empty() ? local_.erase(group) : std::next(group);
  }
  return left;
}

std::vector<Pid> GroupTable::members(const Term& group) const {
  std::vector<Pid> all;
  const auto take = [&](const Membership& groups) {
    if (const auto found = groups.find(group); found != groups.end()) {
      all.insert(all.end(), found->second.begin(), found->second.end());
    }
  };
  take(local_);
  for (const auto& [pid, scope] : remote_) {
    take(scope.groups);
  }
  return all;
}

bool GroupTable::add_scope(const Pid& scope) { return remote_.try_emplace(scope).second; }

void GroupTable::remove_scope(const Pid& scope) { remote_.erase(scope); }

void GroupTable::remove_node(NodeIndex node) {
  std::erase_if(remote_, [&](const auto& entry) { return entry.first.node == node; });
}

std::vector<Pid> GroupTable::scopes() const {
  std::vector<Pid> pids;
  for (const auto& [pid, scope] : remote_) {
    pids.push_back(pid);
  }
  return pids;
}

void GroupTable::sync(const Pid& scope, Membership groups) {
  std::size_t memberships = 0;
  for (const auto& [group, processes] : groups) {
    memberships += processes.size();
  }
  if (memberships <= memberships_max) {
    remote_[scope] = Scope{std::move(groups), memberships};
  }
}

bool GroupTable::remote_join(const Pid& scope, const Term& group, const std::vector<Pid>& processes) {
  const auto found = remote_.find(scope);
  if (found == remote_.end() || found->second.memberships + processes.size() > memberships_max) {
    return false;
  }
  if (!processes.empty()) {
    auto& members = found->second.groups[group];
    members.insert(members.end(), processes.begin(), processes.end());
    found->second.memberships += processes.size();
  }
  return true;
}

void GroupTable::remote_leave(const Pid& scope, const std::vector<Pid>& processes, const std::vector<Term>& groups) {
  const auto found = remote_.find(scope);
  if (found == remote_.end()) {
    return;
  }
  for (const Pid& process : processes) {
    for (const Term& group : groups) {
      if (take_one(found->second.groups, group, process)) {
        --found->second.memberships;
      }
    }
  }
}

}  // namespace troupe::distribution
