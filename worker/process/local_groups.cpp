#include <algorithm>
#include <utility>

#include "worker/process/groups.hpp"

namespace troupe {
namespace {

class LocalGroups final : public Groups {
 public:
  void join(std::string_view group, const Pid& process) override {
    const std::lock_guard lock(mutex_);
    members_[std::string(group)].push_back(process);
  }

  bool leave(std::string_view group, const Pid& process) override {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(group);
    if (found == members_.end()) {
      return false;
    }
    const auto member = std::find(found->second.begin(), found->second.end(), process);
    if (member == found->second.end()) {
      return false;
    }
    found->second.erase(member);
    if (found->second.empty()) {
      members_.erase(found);
    }
    return true;
  }

  [[nodiscard]] std::vector<Pid> members(std::string_view group) const override {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(group);
    return found == members_.end() ? std::vector<Pid>{} : found->second;
  }

  void process_ended(const Pid& process) override {
    const std::lock_guard lock(mutex_);
    for (auto group = members_.begin(); group != members_.end();) {
      std::erase(group->second, process);
      group = group->second.empty() ? members_.erase(group) : std::next(group);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Pid>, std::less<>> members_;
};

}  // namespace

std::unique_ptr<Groups> make_local_groups() { return std::make_unique<LocalGroups>(); }

}  // namespace troupe
