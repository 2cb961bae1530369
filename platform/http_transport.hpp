// The bytes of one HTTP connection, plain or TLS. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/network.hpp"

namespace boost::asio::ssl {
class context;
}

namespace troupe::platform {

class HttpWebSocket;
struct WebSocketAccept;

/// Used on its strand only (`executor()`), where every callback runs too. At most one read and one write at a time.
class HttpTransport : public std::enable_shared_from_this<HttpTransport> {
 public:
  using error_code = boost::system::error_code;
  using Done = std::function<void(error_code failed)>;
  using Moved = std::function<void(error_code failed, std::size_t count)>;

  virtual ~HttpTransport() = default;
  virtual boost::asio::any_io_executor executor() = 0;
  /// TLS only; a plain transport is ready at once.
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Moved done) = 0;
  virtual void write_some(std::vector<boost::asio::const_buffer> from, Moved done) = 0;
  /// Tells the peer that nothing more will come.
  virtual void end_output() = 0;
  /// Everything under way fails.
  virtual void close() = 0;
  /// The subject CN of the certificate that the client proved to hold; empty when it showed none.
  [[nodiscard]] virtual std::string client_common_name() = 0;
  [[nodiscard]] virtual Endpoint remote() const = 0;
  /// Hands the stream over to a WebSocket: from then on only `close` may be called here.
  [[nodiscard]] virtual std::shared_ptr<HttpWebSocket> websocket(WebSocketAccept accept) = 0;
};

/// `socket` must run on a strand. `tls` null: plain; it must outlive the transport.
[[nodiscard]] std::shared_ptr<HttpTransport> make_http_transport(boost::asio::ip::tcp::socket socket,
                                                                 boost::asio::ssl::context* tls);

}  // namespace troupe::platform
