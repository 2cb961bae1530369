#include "local/pod_runner/exec_session.hpp"

#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>

#include "platform/os_process.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

/// The Status that clients take an exit code from.
json exit_status(const platform::OsProcessExit& how) {
  if (how.code == 0 && how.signal == 0) {
    return {{"metadata", json::object()}, {"status", "Success"}};
  }
  const std::string code = std::to_string(how.signal != 0 ? 128 + how.signal : how.code);
  return {{"metadata", json::object()},
          {"status", "Failure"},
          {"reason", "NonZeroExitCode"},
          {"message", "command terminated with non-zero exit code: " + code},
          {"details", {{"causes", json::array({{{"reason", "ExitCode"}, {"message", code}}})}}}};
}

json start_failure(const std::string& message) {
  return {{"metadata", json::object()},
          {"status", "Failure"},
          {"reason", "InternalError"},
          {"message", message},
          {"code", 500}};
}

class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  ExecSession(std::shared_ptr<ExecCarrier> carrier, platform::OsProcessSpec spec)
      : carrier_(std::move(carrier)), spec_(std::move(spec)) {}

  /// The callbacks keep the session alive; carrier and program let go of them when they have ended.
  void start() {
    auto self = shared_from_this();
    carrier_->start(
        {[self] { self->start_program(); },
         [self](std::string_view bytes) {
           self->with_program([bytes](platform::OsProcess& program) { program.write_stdin(bytes); });
         },
         [self] { self->with_program([](platform::OsProcess& program) { program.close_stdin(); }); },
         [self] { self->with_program([](platform::OsProcess& program) { program.signal_group(SIGKILL); }); }});
  }

 private:
  void start_program() {
    auto self = shared_from_this();
    spec_.on_stdout = [self](std::string_view bytes) { self->carrier_->write(ExecOutput::standard_output, bytes); };
    spec_.on_stderr = [self](std::string_view bytes) { self->carrier_->write(ExecOutput::standard_error, bytes); };
    const std::lock_guard lock(mutex_);
    auto program = platform::OsProcess::start(
        std::move(spec_), [self](platform::OsProcessExit how) { self->carrier_->finish(exit_status(how).dump()); });
    if (!program) {
      return carrier_->finish(start_failure(program.error().message).dump());
    }
    program_ = std::move(*program);
  }

  template <class Action>
  void with_program(Action action) {
    const std::lock_guard lock(mutex_);
    if (program_) {
      action(*program_);
    }
  }

  const std::shared_ptr<ExecCarrier> carrier_;
  platform::OsProcessSpec spec_;
  std::mutex mutex_;
  std::unique_ptr<platform::OsProcess> program_;
};

}  // namespace

void start_exec_session(std::shared_ptr<ExecCarrier> carrier, const ProgramContext& context,
                        std::vector<std::string> argv, bool with_stdin) {
  platform::OsProcessSpec spec;
  spec.argv = std::move(argv);
  spec.env = context.env;
  spec.working_dir = context.working_dir;
  spec.with_stdin = with_stdin;
  std::make_shared<ExecSession>(std::move(carrier), std::move(spec))->start();
}

}  // namespace troupe::local
