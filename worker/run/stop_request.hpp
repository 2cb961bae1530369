// What ends a run: a stop signal, or the end of its root process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// One for the whole program, since signals are. All methods are thread-safe.
class StopRequest {
 public:
  /// Takes SIGTERM and SIGINT from now on. It never goes away: a signal may come on a thread of its own at any time.
  static const std::shared_ptr<StopRequest>& of_program();

  /// Forgets what an earlier run was told.
  void begin();
  void stop();
  void root_ended(Term reason);

  struct Seen {
    bool stop = false;
    std::optional<Term> root_reason;
  };
  /// Waits until the root has ended, or a stop was asked for unless `for_end`; at most for `limit`.
  Seen wait(bool for_end, Duration limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

}  // namespace troupe
