// A shutdown with an end: a program that hangs on its way out is worse than one that is cut off.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.hpp"

namespace troupe::platform {

/// Ends the program with status 1, at once and with a line in the log, unless it is destroyed within `limit`.
class ExitDeadline {
 public:
  explicit ExitDeadline(Duration limit);
  ~ExitDeadline();
  ExitDeadline(const ExitDeadline&) = delete;
  ExitDeadline& operator=(const ExitDeadline&) = delete;

 private:
  void wait(Duration limit);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool met_ = false;
  std::thread thread_;
};

}  // namespace troupe::platform
