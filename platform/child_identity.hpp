// Who a child process is until it is reaped. Private to platform/.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>

#include "platform/os_process.hpp"

namespace troupe::platform {

/// Whether a child may still be signalled, and its end. Thread-safe. While it is not reaped, its pid and group cannot
/// be anybody else's.
class ChildIdentity {
 public:
  explicit ChildIdentity(pid_t pid) : pid_(pid) {}

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Nothing once it is reaped.
  void signal_group(int signal);
  [[nodiscard]] bool has_ended() const;
  /// Waits for the end when it has not come yet.
  OsProcessExit reap();

 private:
  const pid_t pid_;
  std::mutex mutex_;
  std::optional<OsProcessExit> exit_;
};

}  // namespace troupe::platform
