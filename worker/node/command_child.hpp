// An OS command as a supervised process: started with it, ended with it, its exit status the exit reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/os_process.hpp"
#include "troupe/process.hpp"
#include "troupe/server.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

struct CommandSpec {
  std::string application;
  std::string name;
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;
};

/// What the OS process's own thread tells the child: {command_ended, Code, Signal}.
struct CommandEnded {
  std::int64_t code = 0;
  std::int64_t signal = 0;
};

/// Exit reasons: `normal` for status 0, {exit_status, Code}, {signal, Number}; `shutdown` after SIGTERM asked for by
/// its supervisor. Killed (shutdown timeout over), the command's process group gets SIGKILL. Output lines go to the log
/// with the child's name, at most `lines_per_second_max` a stream; what is above is counted and said once a second.
class CommandChild {
 public:
  using messages = troupe::messages<CommandEnded>;
  static constexpr bool handles_parent_exit = true;
  static constexpr std::uint32_t lines_per_second_max = 200;

  /// Starts the command; ends the process with {cannot_start, <<"why">>} when that fails.
  CommandChild(Runtime* runtime, const CommandSpec& spec);

  void handle(CommandEnded ended);
  void handle(const Exit& exit);

 private:
  bool stopping_ = false;
  std::unique_ptr<platform::OsProcess> process_;
};

}  // namespace troupe::node
