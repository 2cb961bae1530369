// A WorkQueue that threads wait at.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

#include "operator/control/work_queue.hpp"

namespace troupe::control {

/// Thread-safe.
class BlockingQueue {
 public:
  explicit BlockingQueue(const Clock& clock) : clock_(clock) {}

  void add(const std::string& key);
  void add_after(const std::string& key, Duration delay);
  void add_after_failure(const std::string& key);
  void forget(const std::string& key);
  void done(const std::string& key);
  /// Waits for a key; nothing once `stop` was called.
  std::optional<std::string> take();
  /// As `take`, but never waits.
  std::optional<std::string> try_take();
  void stop();
  [[nodiscard]] std::size_t depth() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  WorkQueue queue_;
  bool stopped_ = false;
};

}  // namespace troupe::control
