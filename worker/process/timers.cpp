#include "worker/process/timers.hpp"

namespace troupe {

TimerId Timers::add(Instant due, Timer timer, bool& first, std::uint64_t* number) {
  const std::lock_guard lock(mutex_);
  const TimerId id = ++last_id_;
  if (number != nullptr) {
    *number = id;
  }
  const auto at = due_.emplace(std::pair{due, id}, std::move(timer)).first;
  by_id_.emplace(id, due);
  first = at == due_.begin();
  return id;
}

bool Timers::cancel(TimerId timer) {
  Timer removed;  // Its message is destroyed outside the lock: a destructor is the user's code.
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(timer);
  if (found == by_id_.end()) {
    return false;
  }
  const auto at = due_.find({found->second, timer});
  removed = std::move(at->second);
  due_.erase(at);
  by_id_.erase(found);
  return true;
}

std::optional<Instant> Timers::next_due() const {
  const std::lock_guard lock(mutex_);
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first.first);
}

std::vector<Timer> Timers::take_due(Instant now) {
  std::vector<Timer> taken;
  const std::lock_guard lock(mutex_);
  while (!due_.empty() && due_.begin()->first.first <= now) {
    taken.push_back(std::move(due_.begin()->second));
    by_id_.erase(due_.begin()->first.second);
    due_.erase(due_.begin());
  }
  return taken;
}

std::size_t Timers::size() const {
  const std::lock_guard lock(mutex_);
  return due_.size();
}

}  // namespace troupe
