#include "tests/differential/world.hpp"

namespace troupe::differential {

void World::born(const std::string& name, const Pid& pid) {
  const std::lock_guard lock(mutex_);
  pids_[name] = pid;
  names_[pid] = name;
  ++living_;
  ++changes_;
}

void World::gone() {
  const std::lock_guard lock(mutex_);
  --living_;
  ++changes_;
}

void World::record(const std::string& process, Term event) {
  const std::lock_guard lock(mutex_);
  trace_.push_back({step_, process, std::move(event)});
  ++changes_;
}

void World::next_step() {
  const std::lock_guard lock(mutex_);
  ++step_;
}

void World::answered(const Pid& pid, std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  answered_[pid] = round;
}

bool World::has_answered(const Pid& pid, std::uint64_t round) const {
  const std::lock_guard lock(mutex_);
  const auto found = answered_.find(pid);
  return found != answered_.end() && found->second == round;
}

void World::ticks_changed(std::int64_t by) {
  const std::lock_guard lock(mutex_);
  ticks_ += by;
}

std::string World::name_of(const Pid& pid) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(pid);
  return found != names_.end() ? found->second : "nobody";
}

std::optional<Pid> World::pid_of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = pids_.find(name);
  return found != pids_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<std::pair<std::string, Pid>> World::everybody() const {
  const std::lock_guard lock(mutex_);
  return {pids_.begin(), pids_.end()};
}

std::size_t World::living() const {
  const std::lock_guard lock(mutex_);
  return living_;
}

std::int64_t World::ticks() const {
  const std::lock_guard lock(mutex_);
  return ticks_;
}

std::uint64_t World::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

Trace World::trace() const {
  const std::lock_guard lock(mutex_);
  return trace_;
}

}  // namespace troupe::differential
