#include "tests/benchmark/program_run.hpp"

#include <fmt/format.h>

#include <future>
#include <memory>

#include "platform/environment.hpp"
#include "platform/os_process.hpp"

namespace troupe::benchmark {

Result<std::string> output_of(std::vector<std::string> argv, std::chrono::seconds time_max) {
  struct Outcome {
    std::string output;
    std::string errors;
    std::promise<platform::OsProcessExit> exit;
  };
  const auto outcome = std::make_shared<Outcome>();
  auto exited = outcome->exit.get_future();
  const std::string command = fmt::format("{}", fmt::join(argv, " "));

  platform::OsProcessSpec spec;
  spec.argv = std::move(argv);
  spec.env = platform::environment();
  spec.env["ERL_CRASH_DUMP_BYTES"] = "0";
  spec.on_stdout = [outcome](std::string_view text) { outcome->output += text; };
  spec.on_stderr = [outcome](std::string_view text) { outcome->errors += text; };
  auto started = platform::OsProcess::start(std::move(spec),
                                            [outcome](platform::OsProcessExit exit) { outcome->exit.set_value(exit); });
  if (!started) {
    return started.error();
  }
  if (exited.wait_for(time_max) != std::future_status::ready) {
    return Error{ErrorCode::timeout, fmt::format("{}: still running after {} s", command, time_max.count())};
  }
  if (const auto exit = exited.get(); exit.code != 0 || exit.signal != 0) {
    return Error{ErrorCode::internal,
                 fmt::format("{}: exit code {}, signal {}: {}", command, exit.code, exit.signal, outcome->errors)};
  }
  while (!outcome->output.empty() && outcome->output.back() == '\n') {
    outcome->output.pop_back();
  }
  return outcome->output;
}

}  // namespace troupe::benchmark
