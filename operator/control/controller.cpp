#include "operator/control/controller.hpp"

#include <exception>

#include "base/log.hpp"

namespace troupe::control {

Controller::Controller(std::string kind, const Clock& clock, Reconcile reconcile, Observer observer)
    : kind_(std::move(kind)),
      clock_(clock),
      reconcile_(std::move(reconcile)),
      observer_(std::move(observer)),
      queue_(clock) {}

Controller::~Controller() { stop(); }

void Controller::start(int workers) {
  const std::lock_guard lock(threads_mutex_);
  for (int i = 0; i < workers; ++i) {
    threads_.emplace_back([this] {
      while (const auto key = queue_.take()) {
        run(*key);
      }
    });
  }
}

void Controller::stop() {
  queue_.stop();
  const std::lock_guard lock(threads_mutex_);
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void Controller::run(const std::string& key) {
  const std::uint64_t id = next_id_.fetch_add(1);
  const Instant begin = clock_.now();
  Outcome outcome;
  try {
    outcome = reconcile_(key, id);
  } catch (const std::exception& thrown) {
    // A broken resource must not end the operator for all the others.
    outcome = {RoundResult::error, std::string("reconcile threw: ") + thrown.what(), std::nullopt};
  }
  if (outcome.result == RoundResult::error) {
    log_warning("reconcile failed", {{kind_, key}, {"reconcile_id", id}, {"error", outcome.error}});
  }
  if (outcome.result == RoundResult::success) {
    queue_.forget(key);
  } else if (outcome.result != RoundResult::waiting) {
    queue_.add_after_failure(key);
  }
  if (outcome.look_again_after) {
    queue_.add_after(key, *outcome.look_again_after);
  }
  queue_.done(key);
  if (observer_) {
    observer_(outcome.result, clock_.now() - begin);
  }
}

}  // namespace troupe::control
