#include "operator/control/blocking_queue.hpp"

namespace troupe::control {

void BlockingQueue::add(const std::string& key) {
  const std::lock_guard lock(mutex_);
  queue_.add(key);
  changed_.notify_one();
}

void BlockingQueue::add_after(const std::string& key, Duration delay) {
  const std::lock_guard lock(mutex_);
  queue_.add_at(key, clock_.now() + delay);
  changed_.notify_one();
}

void BlockingQueue::add_after_failure(const std::string& key) {
  const std::lock_guard lock(mutex_);
  queue_.add_after_failure(key, clock_.now());
  changed_.notify_one();
}

void BlockingQueue::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  queue_.forget(key);
}

void BlockingQueue::done(const std::string& key) {
  const std::lock_guard lock(mutex_);
  queue_.done(key);
  changed_.notify_one();
}

std::optional<std::string> BlockingQueue::take() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (auto key = queue_.take(clock_.now())) {
      // Of several keys that came due together each needs a worker, and one notification may have announced them all.
      if (queue_.depth() > 0) {
        changed_.notify_one();
      }
      return key;
    }
    if (const auto due = queue_.next_due()) {
      changed_.wait_for(lock, *due - clock_.now());
    } else {
      changed_.wait(lock);
    }
  }
  return std::nullopt;
}

std::optional<std::string> BlockingQueue::try_take() {
  const std::lock_guard lock(mutex_);
  return stopped_ ? std::nullopt : queue_.take(clock_.now());
}

void BlockingQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

std::size_t BlockingQueue::depth() const {
  const std::lock_guard lock(mutex_);
  return queue_.depth();
}

}  // namespace troupe::control
