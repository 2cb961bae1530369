// One client of the HTTP server: reads a request, has it answered, reads the next. Private to platform/: shows Beast.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "platform/http_server_core.hpp"
#include "platform/http_stream_queue.hpp"
#include "platform/http_transport.hpp"
#include "platform/output_buffer.hpp"

namespace troupe::platform {

/// What the exchange needs to know of the request it answers; does not change.
struct HttpRequestTraits {
  bool is_head = false;
  bool is_http_1_0 = false;
  bool keep_alive = false;
  /// Set when the request asks for a WebSocket.
  std::optional<boost::beast::http::request<boost::beast::http::string_body>> websocket;
  std::string upgrade_to;  ///< The protocols that the client offers to go on with (Upgrade); often empty.
};

/// All methods run on the connection's strand, but the two that say otherwise.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpServerCore> core, std::shared_ptr<HttpTransport> transport);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  /// Thread-safe.
  void close_from_anywhere();
  /// Thread-safe: runs `task` on the strand.
  void on_strand(std::function<void()> task);

  // The answer to the request under way.
  void respond(HttpResponse response);
  void stream(int status, HttpHeaders headers, std::shared_ptr<HttpStreamQueue> queue);
  void on_stream_queued();
  void hand_over_to_websocket();
  void upgrade(const std::string& protocol, const HttpHeaders& headers, std::shared_ptr<HttpStreamQueue> queue);
  void read_upgraded(std::function<void(std::string bytes)> on_bytes);
  void read_more_upgraded();
  /// How long the client may take to end an upgraded connection that has been closed here.
  void set_close_grace(std::chrono::seconds grace);

  /// At once, without a word to the client.
  void close();

  [[nodiscard]] const HttpServerCore& core() const { return *core_; }
  [[nodiscard]] const std::shared_ptr<HttpTransport>& transport() const { return transport_; }

 private:
  enum class State { handshaking, reading, answering, writing, streaming, upgraded, closing, websocket, closed };
  using error_code = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void read_next_request();
  void read_some();
  void on_read(error_code failed, std::size_t count);
  void parse();
  void refuse(error_code reason);
  void dispatch();
  HttpRequest take_request(HttpRequestTraits& traits);

  void send(std::string bytes);
  void write_some();
  void on_output_drained();
  void send_stream();
  void finish_answer();
  void begin_close();

  void set_deadline(std::chrono::steady_clock::duration delay);
  void clear_deadline();
  void on_deadline();

  const std::shared_ptr<HttpServerCore> core_;
  const std::shared_ptr<HttpTransport> transport_;
  boost::asio::steady_timer deadline_;
  State state_ = State::handshaking;
  boost::beast::flat_buffer input_;
  std::optional<Parser> parser_;
  OutputBuffer<std::string> output_;
  std::shared_ptr<const HttpRequestTraits> answering_;
  std::shared_ptr<HttpStreamQueue> stream_;
  /// Itself while it streams or is upgraded: between chunks there may be no operation under way that keeps it.
  std::shared_ptr<HttpConnection> streaming_self_;
  std::size_t stream_payload_in_flight_ = 0;
  std::function<void(std::string bytes)> on_upgraded_bytes_;
  std::chrono::seconds close_grace_{0};
  std::size_t bytes_since_deadline_ = 0;
  std::string client_common_name_;
  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  bool stream_finished_ = false;
  bool keep_alive_ = false;
  bool continue_sent_ = false;
};

}  // namespace troupe::platform
