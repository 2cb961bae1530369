// Worker threads that take keys from a queue and reconcile them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "operator/control/blocking_queue.hpp"
#include "operator/control/outcome.hpp"

namespace troupe::control {

class Controller {
 public:
  using Reconcile = std::function<Outcome(const std::string& key, std::uint64_t reconcile_id)>;
  /// Told of every round, on the thread that ran it.
  using Observer = std::function<void(RoundResult result, Duration took)>;

  /// `kind` is what keys name ("cluster"), for the log. A reconcile that throws counts as an error of its key.
  Controller(std::string kind, const Clock& clock, Reconcile reconcile, Observer observer);
  ~Controller();  ///< As `stop`.
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Keys may be added before and after `start`.
  [[nodiscard]] BlockingQueue& queue() { return queue_; }
  void start(int workers);
  /// Lets running rounds end and starts no more. Thread-safe and may be called again.
  void stop();

  /// One round for one key that was taken: what a worker thread does. For tests without threads.
  void run(const std::string& key);

 private:
  std::string kind_;
  const Clock& clock_;
  Reconcile reconcile_;
  Observer observer_;
  BlockingQueue queue_;
  std::atomic<std::uint64_t> next_id_{1};
  std::mutex threads_mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace troupe::control
