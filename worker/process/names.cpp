#include "worker/process/names.hpp"

#include <mutex>

namespace troupe {

bool Names::add(std::string_view name, const Pid& pid) {
  if (name.empty() || name.size() > name_bytes_max) {
    return false;
  }
  const std::unique_lock lock(mutex_);
  return pids_.emplace(std::string(name), pid).second;
}

std::optional<Pid> Names::remove(std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto found = pids_.find(name);
  if (found == pids_.end()) {
    return std::nullopt;
  }
  const Pid pid = found->second;
  pids_.erase(found);
  return pid;
}

std::optional<Pid> Names::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = pids_.find(name);
  return found == pids_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, Pid>> Names::all() const {
  const std::shared_lock lock(mutex_);
  return {pids_.begin(), pids_.end()};
}

}  // namespace troupe
