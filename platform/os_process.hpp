// Child OS processes: started in a process group of their own, their output captured or sent to a file, never left as
// zombies.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
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

/// Thread-safe. Destroying it kills the process group and waits.
class OsProcess {
 public:
  /// Errors: `not_found` (no such program), `permission_denied`, `internal`. They name argv[0] and the folder.
  /// `on_exit` runs once, after all output was delivered, on a thread of this module.
  static Result<std::unique_ptr<OsProcess>> start(OsProcessSpec spec, std::function<void(OsProcessExit)> on_exit);
  virtual ~OsProcess() = default;
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// To the whole process group; nothing once it has ended.
  virtual void signal_group(int signal) = 0;
  virtual void write_stdin(std::string_view data) = 0;
  virtual void close_stdin() = 0;
};

}  // namespace troupe::platform
