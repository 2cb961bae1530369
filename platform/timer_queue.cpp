#include "platform/timer_queue.hpp"

namespace troupe::platform {

void TimerQueue::clear() {
  // A task that is destroyed may own something that cancels or sets timers, so the map must be whole meanwhile.
  for (;;) {
    std::map<std::pair<Instant, TimerId>, Task> dropped;
    {
      const std::lock_guard lock(mutex_);
      dropped.swap(by_deadline_);
      deadlines_.clear();
    }
    if (dropped.empty()) {
      return;
    }
  }
}

TimerQueue::Added TimerQueue::add(Instant deadline, Task task) {
  const std::lock_guard lock(mutex_);
  const TimerId id = ++last_id_;
  const auto [position, inserted] = by_deadline_.emplace(std::pair(deadline, id), std::move(task));
  deadlines_.emplace(id, deadline);
  return Added{id, position == by_deadline_.begin()};
}

void TimerQueue::remove(TimerId id) {
  Task dropped;
  const std::lock_guard lock(mutex_);
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) {
    return;
  }
  auto node = by_deadline_.extract(std::pair(found->second, id));
  deadlines_.erase(found);
  dropped = std::move(node.mapped());
}

std::optional<TimerQueue::Task> TimerQueue::take_due(Instant now) {
  const std::lock_guard lock(mutex_);
  if (by_deadline_.empty() || by_deadline_.begin()->first.first > now) {
    return std::nullopt;
  }
  auto node = by_deadline_.extract(by_deadline_.begin());
  deadlines_.erase(node.key().second);
  return std::move(node.mapped());
}

std::optional<Instant> TimerQueue::next_deadline() const {
  const std::lock_guard lock(mutex_);
  if (by_deadline_.empty()) {
    return std::nullopt;
  }
  return by_deadline_.begin()->first.first;
}

}  // namespace troupe::platform
