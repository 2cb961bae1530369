// An AsioLoop on a thread of its own, for tests.
#pragma once

#include <chrono>
#include <thread>

#include "platform/event_loop.hpp"

namespace troupe::platform {

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop.run(); }) {}
  ~LoopThread() {
    loop.stop();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  AsioLoop loop;

 private:
  std::thread thread_;
};

/// Long enough for the slowest machine, so that a failed wait means a failed test.
inline constexpr std::chrono::seconds wait_max{20};

}  // namespace troupe::platform
