#include "platform/exit_deadline.hpp"

#include <cstdlib>

#include "base/log.hpp"

namespace troupe::platform {

ExitDeadline::ExitDeadline(Duration limit) : thread_([this, limit] { wait(limit); }) {}

ExitDeadline::~ExitDeadline() {
  {
    const std::lock_guard lock(mutex_);
    met_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ExitDeadline::wait(Duration limit) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, limit, [this] { return met_; })) {
    log_error("drain: the deadline has passed; ending at once");
    std::_Exit(1);
  }
}

}  // namespace troupe::platform
