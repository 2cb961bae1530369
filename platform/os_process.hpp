// Child OS processes: started in a process group of their own, their output captured, never left as zombies.
//
// A child ends as a container does: when its first process ends, what it left behind in its group is killed. When this
// program dies, however suddenly, the kernel kills the first process of each (PR_SET_PDEATHSIG). No descriptor but the
// standard three is inherited, no signal is blocked or ignored in the child.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace troupe::platform {

struct OsProcessSpec {
  std::vector<std::string> argv;           ///< argv[0] is a path, or a name searched in the PATH of `env`.
  std::map<std::string, std::string> env;  ///< The whole environment; nothing is inherited.
  std::string working_dir;                 ///< Empty: that of this program.
  /// Receives what the child writes, in pieces as read, on a thread of this module. Null: /dev/null.
  std::function<void(std::string_view)> on_stdout;
  std::function<void(std::string_view)> on_stderr;
  bool with_stdin = false;  ///< Else standard input is /dev/null.
};

struct OsProcessExit {
  int code = 0;    ///< Exit code when `signal` is 0.
  int signal = 0;  ///< Signal that ended it.
};

/// Thread-safe. Destroying it kills the process group and waits for the end of it and of a callback that runs now; no
/// callback runs after that, so `on_exit` is not told. May be destroyed inside its own callbacks. All children share
/// one thread for their callbacks: they must not block for long, and a lock that one needs must not be held around the
/// destructor.
class OsProcess {
 public:
  static constexpr std::chrono::seconds output_grace{1};
  static constexpr std::size_t stdin_unread_bytes_max = 16 * 1024 * 1024;

  /// Errors: `not_found` (no such program or working folder), `permission_denied`, `invalid_argument` (argv is empty,
  /// or the file is no program), `limit_exceeded` (descriptors, memory), `unavailable` (too many processes),
  /// `internal`. They name argv[0] and the folder. `on_exit` runs once, after all output was delivered, on a thread of
  /// this module. A process that has left the group and holds the output open delays it by `output_grace` at most.
  static Result<std::unique_ptr<OsProcess>> start(OsProcessSpec spec, std::function<void(OsProcessExit)> on_exit);
  virtual ~OsProcess() = default;
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// To the whole process group; nothing once it has ended.
  virtual void signal_group(int signal) = 0;
  /// Past `stdin_unread_bytes_max` bytes that the child has not taken, the data is dropped with a warning in the log
  /// and its standard input ends after what was queued before. Nothing once the child has closed it.
  virtual void write_stdin(std::string_view data) = 0;
  virtual void close_stdin() = 0;
};

}  // namespace troupe::platform
