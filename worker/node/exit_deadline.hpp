// Ends the program when a shutdown takes too long: a pod that hangs is worse than one that is cut off.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.hpp"

namespace troupe::node {

/// Destroyed within `limit`, it does nothing; else the program exits with code 1, without running destructors.
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

}  // namespace troupe::node
