#include "operator/control/work_queue.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe::control {

void WorkQueue::add(const std::string& key) {
  drop_delay(key);
  if (dirty_.insert(key).second && !processing_.contains(key)) {
    ready_.push_back(key);
  }
}

void WorkQueue::add_at(const std::string& key, Instant due) {
  if (dirty_.contains(key)) {
    return;  // It comes sooner anyway, and whoever takes it decides anew.
  }
  const auto it = due_of_.find(key);
  if (it != due_of_.end()) {
    if (it->second <= due) {
      return;
    }
    drop_delay(key);
  }
  due_of_[key] = due;
  delayed_.emplace(due, key);
}

void WorkQueue::add_after_failure(const std::string& key, Instant now) {
  int& failures = failures_[key];
  Duration delay = retry_delay_min;
  for (int i = 0; i < failures && delay < retry_delay_max; ++i) {
    delay *= 2;
  }
  ++failures;
  add_at(key, now + std::min(delay, retry_delay_max));
}

void WorkQueue::forget(const std::string& key) { failures_.erase(key); }

std::optional<std::string> WorkQueue::take(Instant now) {
  release_due(now);
  if (ready_.empty()) {
    return std::nullopt;
  }
  std::string key = std::move(ready_.front());
  ready_.pop_front();
  dirty_.erase(key);
  processing_.insert(key);
  return key;
}

void WorkQueue::done(const std::string& key) {
  check(processing_.erase(key) == 1, "WorkQueue::done of a key that was not taken");
  if (dirty_.contains(key)) {
    ready_.push_back(key);
  }
}

std::optional<Instant> WorkQueue::next_due() const {
  return delayed_.empty() ? std::nullopt : std::optional(delayed_.begin()->first);
}

void WorkQueue::release_due(Instant now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const std::string key = delayed_.begin()->second;
    add(key);
  }
}

void WorkQueue::drop_delay(const std::string& key) {
  if (const auto it = due_of_.find(key); it != due_of_.end()) {
    delayed_.erase({it->second, key});
    due_of_.erase(it);
  }
}

}  // namespace troupe::control
