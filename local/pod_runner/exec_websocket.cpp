#include <utility>

#include "local/pod_runner/exec_carrier.hpp"

namespace troupe::local {
namespace {

constexpr char channel_stdin = 0;
constexpr char channel_stdout = 1;
constexpr char channel_stderr = 2;
constexpr char channel_status = 3;
constexpr char channel_close = static_cast<char>(255);

class WebSocketCarrier final : public ExecCarrier {
 public:
  explicit WebSocketCarrier(std::shared_ptr<platform::WebSocket> socket) : socket_(std::move(socket)) {}

  void start(Events events) override {
    events.on_ready();
    socket_->start(
        [events](const std::string& message) {
          if (message.starts_with(channel_stdin)) {
            events.on_stdin(std::string_view(message).substr(1));
          } else if (message.size() > 1 && message[0] == channel_close && message[1] == channel_stdin) {
            events.on_stdin_closed();
          }
        },
        events.on_closed);
  }

  void write(ExecOutput to, std::string_view bytes) override {
    send(to == ExecOutput::standard_output ? channel_stdout : channel_stderr, bytes);
  }

  void finish(std::string_view status) override {
    send(channel_status, status);
    socket_->close();
  }

 private:
  void send(char channel, std::string_view bytes) {
    std::string message(1, channel);
    message += bytes;
    socket_->send_binary(std::move(message));
  }

  const std::shared_ptr<platform::WebSocket> socket_;
};

}  // namespace

std::shared_ptr<ExecCarrier> carry_exec_over_websocket(std::shared_ptr<platform::WebSocket> socket) {
  return std::make_shared<WebSocketCarrier>(std::move(socket));
}

}  // namespace troupe::local
