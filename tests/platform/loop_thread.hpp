// An AsioLoop on a thread of its own, for tests.
#pragma once

#include <future>
#include <thread>
#include <utility>

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

  /// Runs `task` on the loop's thread and returns what it returns.
  template <class Task>
  auto on_loop(Task task) {
    std::packaged_task<decltype(task())()> packaged(std::move(task));
    auto result = packaged.get_future();
    loop.post([&packaged] { packaged(); });
    return result.get();
  }

  AsioLoop loop;

 private:
  std::thread thread_;
};

/// Long enough for the slowest machine, so that a failed wait means a failed test.
inline constexpr std::chrono::seconds wait_max{20};

}  // namespace troupe::platform
