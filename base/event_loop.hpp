// The event loop seam: one thread that runs callbacks and timers. The platform's runs on Asio; the simulation's on
// virtual time and a seed.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace troupe {

/// Never 0 for a timer that was set, so 0 can mean "none".
using TimerId = std::uint64_t;

/// All methods are thread-safe; callbacks run one at a time on the loop's own thread.
class EventLoop {
 public:
  virtual ~EventLoop() = default;

  /// Runs `task` soon, after everything posted before it by the same thread.
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` once, at or after `delay` from now.
  virtual TimerId run_after(Duration delay, std::function<void()> task) = 0;
  /// Called on the loop's thread, guarantees that the task will not run; from elsewhere it may be running already.
  /// A timer that has fired or was cancelled is ignored.
  virtual void cancel(TimerId timer) = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
};

}  // namespace troupe
