// A small HTTP/1.1 server on Boost.Beast: plain or TLS, whole or streamed responses, WebSocket, upgrades to any other
// protocol as raw bytes. It serves the worker's and operator's metrics and health, and the local API server.
//
// Bounds (defaults in Options): connections, header and body sizes, idle time, and bytes a slow reader of a stream may
// leave unread. A request past a bound is answered 413/431/408 or its connection is closed; nobody else notices.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/network.hpp"
#include "base/result.hpp"

namespace troupe::platform {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  ///< "GET", ...
  std::string target;  ///< As sent: path and query, still percent-encoded.
  HttpHeaders headers;
  std::string body;
  Endpoint remote;

  /// The first header of that name, whatever its case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// Every header of that name as one list, joined by ", " (RFC 9110, 5.3).
  [[nodiscard]] std::string joined_header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  ///< Content-Length, Connection and Date are added.
  std::string body;
};

/// A response sent in chunks. Thread-safe.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// Queues a chunk; false when the client is gone or has left more than the bound unread (the stream is then closed).
  virtual bool write(std::string chunk) = 0;
  /// Ends the response properly after what was queued.
  virtual void close() = 0;
  /// Runs `on_closed` once, when the client goes away or the stream ends; at once when it already has.
  virtual void on_closed(std::function<void()> on_closed) = 0;
};

/// Thread-safe. `on_message` runs on a server thread, one call at a time.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual void start(std::function<void(std::string message)> on_message, std::function<void()> on_closed) = 0;
  virtual bool send_binary(std::string message) = 0;
  virtual void close() = 0;
};

/// The raw bytes of a connection that now speaks another protocol (RFC 9110, 7.8). Thread-safe. Dropping it unclosed
/// breaks the connection off.
class UpgradedConnection {
 public:
  virtual ~UpgradedConnection() = default;
  /// Reads once: `on_bytes` runs on a server thread with what came, and nothing more is read, nor the end of the client
  /// noticed, before `read_more`: who passes bytes on so makes the client wait. `on_closed` runs once, when the client
  /// has gone or, after `close`, when all is sent.
  virtual void start(std::function<void(std::string bytes)> on_bytes, std::function<void()> on_closed) = 0;
  virtual void read_more() = 0;
  /// Queues bytes; false when the client is gone or has left more than the bound unread (the connection then ends).
  virtual bool write(std::string bytes) = 0;
  /// After what was queued, leaves it to the client to end the connection for up to `grace`, then ends it. What the
  /// client still sends is thrown away. Zero: ends it as soon as all is sent.
  virtual void close(std::chrono::seconds grace) = 0;
};

/// The answer to one request: call exactly one of the four, at once or later, from any thread. Dropping it unanswered
/// answers 500.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual void respond(HttpResponse response) = 0;
  /// Chunked response; each write reaches the client at once.
  virtual std::shared_ptr<HttpStream> stream(int status, HttpHeaders headers) = 0;
  /// Accepts a WebSocket upgrade, answering with `subprotocol`. Null when the request asks for none (call `respond`).
  virtual std::shared_ptr<WebSocket> accept_websocket(std::string_view subprotocol) = 0;
  /// Answers 101 with `headers` (Connection and Upgrade are added) and turns the connection over to `protocol`, such as
  /// "SPDY/3.1". Null when the request does not offer that protocol, whatever its case (call `respond`).
  virtual std::shared_ptr<UpgradedConnection> upgrade(std::string_view protocol, HttpHeaders headers) = 0;
};

class HttpServer {
 public:
  struct Tls {
    std::string certificate_pem;  ///< Leaf first, then intermediates.
    std::string private_key_pem;
    /// When set, a client certificate is asked for (not required) and must chain to it; its subject CN reaches the
    /// handler as header `x-client-common-name` (a header of that name sent by the client is removed).
    std::string client_ca_pem;
  };
  struct Options {
    Endpoint at;  ///< Port 0 takes a free one.
    std::optional<Tls> tls;
    int threads = 2;
    std::size_t connections_max = 1024;
    std::size_t header_bytes_max = 64 * 1024;
    std::size_t body_bytes_max = 4 * 1024 * 1024;
    std::size_t stream_unread_bytes_max = 16 * 1024 * 1024;
    /// A connection that sends no request, or stops in the middle of one, is closed after this.
    std::chrono::seconds idle_timeout{60};
  };
  /// Runs on a server thread; must not block for long.
  using Handler = std::function<void(const HttpRequest&, std::shared_ptr<HttpExchange>)>;

  /// Errors: `already_exists` (port taken), `permission_denied`, `invalid_argument` (certificate or key unreadable).
  static Result<std::unique_ptr<HttpServer>> start(Options options, Handler handler);
  /// Closes every connection and joins the threads: not to be called on one of them. Streams and WebSockets hear of it
  /// before it returns; what a handler kept does nothing from then on.
  virtual ~HttpServer() = default;
  [[nodiscard]] virtual Endpoint local() const = 0;
};

}  // namespace troupe::platform
