// What carries the streams of one `kubectl exec` between client and node: a WebSocket or a SPDY/3.1 connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "platform/http_server.hpp"

namespace troupe::local {

enum class ExecOutput { standard_output, standard_error };

/// The streams that the client has asked for, beside the one for the final status.
struct ExecStreams {
  bool standard_input = false;
  bool standard_output = false;
  bool standard_error = false;
};

/// Thread-safe.
class ExecCarrier {
 public:
  /// Called one at a time, on a server thread or inside `start`. They are let go of when the carrier has closed.
  struct Events {
    std::function<void()> on_ready;  ///< Once, before any other: the streams are open, the program may start.
    std::function<void(std::string_view bytes)> on_stdin;
    std::function<void()> on_stdin_closed;
    std::function<void()> on_closed;  ///< Once: the client has gone, or has got everything after `finish`.
  };
  virtual ~ExecCarrier() = default;
  virtual void start(Events events) = 0;
  /// Nothing when the client has not opened that stream. A client that leaves more than the server's bound unread is
  /// closed.
  virtual void write(ExecOutput to, std::string_view bytes) = 0;
  /// Sends the final Status (JSON) after all output, and ends.
  virtual void finish(std::string_view status) = 0;
};

/// By the channel protocol of Kubernetes (v5.channel.k8s.io, v4.channel.k8s.io): the first byte of a message names its
/// channel, 0 stdin, 1 stdout, 2 stderr, 3 final status, 255 close of a channel.
[[nodiscard]] std::shared_ptr<ExecCarrier> carry_exec_over_websocket(std::shared_ptr<platform::WebSocket> socket);

/// As kubectl before 1.31 does (v4.channel.k8s.io): the client opens a stream for the final status and for each of
/// `wanted`, named by the header `streamtype` (error, stdin, stdout, stderr, resize). A client that breaks the protocol
/// is told GOAWAY and closed; the log says why.
[[nodiscard]] std::shared_ptr<ExecCarrier> carry_exec_over_spdy(
    std::shared_ptr<platform::UpgradedConnection> connection, ExecStreams wanted);

}  // namespace troupe::local
