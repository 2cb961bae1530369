#include "local/pod_runner/exec_session.hpp"

#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>

#include "platform/os_process.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr char channel_stdin = 0;
constexpr char channel_stdout = 1;
constexpr char channel_stderr = 2;
constexpr char channel_status = 3;
constexpr char channel_close = static_cast<char>(255);

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
  explicit ExecSession(std::shared_ptr<platform::WebSocket> socket) : socket_(std::move(socket)) {}

  void start(const ProgramContext& context, std::vector<std::string> argv, bool with_stdin) {
    // The callbacks keep the session alive; it lets go of the socket and the program when both have ended.
    auto self = shared_from_this();
    platform::OsProcessSpec spec;
    spec.argv = std::move(argv);
    spec.env = context.env;
    spec.working_dir = context.working_dir;
    spec.with_stdin = with_stdin;
    spec.on_stdout = [self](std::string_view piece) { self->send(channel_stdout, piece); };
    spec.on_stderr = [self](std::string_view piece) { self->send(channel_stderr, piece); };
    const std::lock_guard lock(mutex_);
    auto process = platform::OsProcess::start(std::move(spec),
                                              [self](platform::OsProcessExit how) { self->finish(exit_status(how)); });
    if (!process) {
      socket_->send_binary(channel_status + start_failure(process.error().message).dump());
      socket_->close();
      return;
    }
    process_ = std::move(*process);
    socket_->start([self](std::string message) { self->receive(message); }, [self] { self->client_gone(); });
  }

 private:
  void send(char channel, std::string_view piece) {
    std::string message(1, channel);
    message += piece;
    socket_->send_binary(std::move(message));
  }

  void receive(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (message.empty() || !process_) {
      return;
    }
    if (message[0] == channel_stdin) {
      process_->write_stdin(std::string_view(message).substr(1));
    } else if (message[0] == channel_close && message.size() > 1 && message[1] == channel_stdin) {
      process_->close_stdin();
    }
  }

  void finish(const json& status) {
    socket_->send_binary(channel_status + status.dump());
    socket_->close();
  }

  void client_gone() {
    const std::lock_guard lock(mutex_);
    if (process_) {
      process_->signal_group(SIGKILL);
    }
  }

  std::shared_ptr<platform::WebSocket> socket_;
  std::mutex mutex_;
  std::unique_ptr<platform::OsProcess> process_;
};

}  // namespace

void start_exec_session(std::shared_ptr<platform::WebSocket> socket, const ProgramContext& context,
                        std::vector<std::string> argv, bool with_stdin) {
  std::make_shared<ExecSession>(std::move(socket))->start(context, std::move(argv), with_stdin);
}

}  // namespace troupe::local
