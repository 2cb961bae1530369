#include "platform/child_identity.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace troupe::platform {
namespace {

OsProcessExit exit_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? OsProcessExit{info.si_status, 0} : OsProcessExit{0, info.si_status};
}

}  // namespace

void ChildIdentity::signal_group(int signal) {
  const std::lock_guard lock(mutex_);
  if (!exit_) {
    ::kill(-pid_, signal);
  }
}

bool ChildIdentity::has_ended() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

OsProcessExit ChildIdentity::reap() {
  const std::lock_guard lock(mutex_);
  if (!exit_) {
    siginfo_t info{};
    int failed = 0;
    do {
      failed = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
    } while (failed != 0 && errno == EINTR);
    // Somebody else in this program has reaped it (or ignores SIGCHLD): how it ended is lost.
    exit_ = failed == 0 ? exit_of(info) : OsProcessExit{255, 0};
  }
  return *exit_;
}

}  // namespace troupe::platform
