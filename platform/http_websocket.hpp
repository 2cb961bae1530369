// A WebSocket (RFC 6455) over a connection that an HTTP request has upgraded. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "platform/http_server.hpp"

namespace boost::asio::ssl {
template <class NextLayer>
class stream;
}

namespace troupe::platform {

class HttpTransport;

struct WebSocketAccept {
  boost::beast::http::request<boost::beast::http::string_body> request;
  std::string subprotocol;  ///< Empty: none is answered.
  std::size_t message_bytes_max;
  std::size_t unread_bytes_max;
  /// For the handshake and the close; an idle peer is pinged, and dropped when it is silent for this long.
  std::chrono::seconds idle_timeout;
  /// Runs a task on the connection's strand; drops it once the server has stopped. Thread-safe.
  std::function<void(std::function<void()>)> post;
  /// On the strand, when the WebSocket has ended, before the user hears of it.
  std::function<void()> on_ended;
  std::shared_ptr<HttpTransport> transport;  ///< Kept for as long as the WebSocket lives.
};

/// The half that the connection drives. Thread-safe like its base.
class HttpWebSocket : public WebSocket, public std::enable_shared_from_this<HttpWebSocket> {
 public:
  /// Answers the upgrade. On the strand.
  virtual void accept() = 0;
};

using PlainSocket = boost::asio::ip::tcp::socket;
using TlsSocket = boost::asio::ssl::stream<PlainSocket>;

/// `stream` belongs to `accept.transport`.
[[nodiscard]] std::shared_ptr<HttpWebSocket> make_http_websocket(PlainSocket& stream, WebSocketAccept accept);
[[nodiscard]] std::shared_ptr<HttpWebSocket> make_http_websocket(TlsSocket& stream, WebSocketAccept accept);

}  // namespace troupe::platform
