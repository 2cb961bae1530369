#include "local/api/kubelet_log.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <limits>

#include "local/api/reply.hpp"

namespace troupe::local {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

class LogSession : public std::enable_shared_from_this<LogSession> {
 public:
  LogSession(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
             std::shared_ptr<platform::HttpExchange> exchange)
      : io_(io), stream_(io, context), kubelet_(request.kubelet), exchange_(std::move(exchange)) {
    request_ = {http::verb::get, request.target, 11};
    request_.set(http::field::host, kubelet_.text());
    request_.set(http::field::connection, "close");
    // boost::none makes Beast 1.74 refuse every body that states its length.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  void start() {
    boost::system::error_code malformed;
    const asio::ip::address address = asio::ip::make_address(kubelet_.host, malformed);
    if (malformed) {
      return fail("address " + kubelet_.host, malformed);
    }
    beast::get_lowest_layer(stream_).expires_after(kubelet_connect_timeout);
    beast::get_lowest_layer(stream_).async_connect(asio::ip::tcp::endpoint(address, kubelet_.port),
                                                   [self = shared_from_this()](beast::error_code error) {
                                                     return error ? self->fail("connect", error) : self->handshake();
                                                   });
  }

 private:
  void handshake() {
    stream_.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](beast::error_code error) {
      return error ? self->fail("TLS handshake", error) : self->send_request();
    });
  }

  void send_request() {
    http::async_write(stream_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      return error ? self->fail("send", error) : self->read_head();
    });
  }

  void read_head() {
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              return error ? self->fail("read", error) : self->on_head();
                            });
  }

  void on_head() {
    beast::get_lowest_layer(stream_).expires_never();
    if (parser_.get().result() == http::status::ok) {
      client_ = exchange_->stream(200, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache, private"}});
      std::weak_ptr<LogSession> weak = weak_from_this();
      // A client that leaves while the container is silent must not hold the connection to the kubelet.
      client_->on_closed([&io = io_, weak] {
        asio::post(io, [weak] {
          if (auto self = weak.lock()) {
            beast::get_lowest_layer(self->stream_).cancel();
          }
        });
      });
    }
    read_more();
  }

  void read_more() {
    parser_.get().body().data = piece_.data();
    parser_.get().body().size = piece_.size();
    http::async_read_some(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->on_piece(error == http::error::need_buffer ? beast::error_code() : error);
    });
  }

  void on_piece(beast::error_code error) {
    const std::size_t got = piece_.size() - parser_.get().body().size;
    if (got > 0) {
      const std::string text(piece_.data(), got);
      if (!client_) {
        refusal_ +=
            text.substr(0, kubelet_error_text_bytes_max - std::min(kubelet_error_text_bytes_max, refusal_.size()));
      } else if (!client_->write(text)) {
        return;
      }
    }
    if (!error && !parser_.is_done()) {
      return read_more();
    }
    if (client_) {
      client_->close();
      return;
    }
    const int code = static_cast<int>(parser_.get().result_int());
    StatusError status = code == 404 ? bad_request(refusal_)
                         : code == 400
                             ? bad_request(refusal_)
                             : service_unavailable("the kubelet answered " + std::to_string(code) + ": " + refusal_);
    send(reply_to_error(status), *exchange_);
  }

  void fail(const std::string& doing, beast::error_code error) {
    send(reply_to_error(service_unavailable("the kubelet at " + kubelet_.text() + " cannot be reached: " + doing +
                                            ": " + error.message())),
         *exchange_);
  }

  asio::io_context& io_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  Endpoint kubelet_;
  std::shared_ptr<platform::HttpExchange> exchange_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::array<char, 16 * 1024> piece_{};
  std::shared_ptr<platform::HttpStream> client_;  // Null until the kubelet says 200.
  std::string refusal_;
};

}  // namespace

void start_log_session(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
                       std::shared_ptr<platform::HttpExchange> exchange) {
  std::make_shared<LogSession>(io, context, request, std::move(exchange))->start();
}

}  // namespace troupe::local
