#include "local/api/kubelet_exec.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>

#include "local/api/reply.hpp"

namespace troupe::local {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

// What the client may send ahead of a kubelet that does not read, before the session is cut.
constexpr std::size_t queued_bytes_max = 16 * 1024 * 1024;

class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  ExecSession(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
              std::string subprotocols, std::shared_ptr<platform::HttpExchange> exchange)
      : io_(io),
        kubelet_(io, context),
        request_(request),
        subprotocols_(std::move(subprotocols)),
        exchange_(std::move(exchange)) {}

  void start() {
    boost::system::error_code malformed;
    const asio::ip::address address = asio::ip::make_address(request_.kubelet.host, malformed);
    if (malformed) {
      return refuse("address " + request_.kubelet.host, malformed);
    }
    beast::get_lowest_layer(kubelet_).expires_after(kubelet_connect_timeout);
    beast::get_lowest_layer(kubelet_).async_connect(asio::ip::tcp::endpoint(address, request_.kubelet.port),
                                                    [self = shared_from_this()](beast::error_code error) {
                                                      return error ? self->refuse("connect", error) : self->secure();
                                                    });
  }

 private:
  void secure() {
    kubelet_.next_layer().async_handshake(asio::ssl::stream_base::client,
                                          [self = shared_from_this()](beast::error_code error) {
                                            return error ? self->refuse("TLS handshake", error) : self->upgrade();
                                          });
  }

  void upgrade() {
    beast::get_lowest_layer(kubelet_).expires_never();
    kubelet_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
    kubelet_.set_option(websocket::stream_base::decorator(
        [this](websocket::request_type& request) { request.set(http::field::sec_websocket_protocol, subprotocols_); }));
    kubelet_.async_handshake(answer_, request_.kubelet.text(), request_.target,
                             [self = shared_from_this()](beast::error_code error) {
                               return error ? self->refuse("WebSocket handshake", error) : self->accept();
                             });
  }

  void accept() {
    kubelet_.binary(true);
    const auto chosen = answer_[http::field::sec_websocket_protocol];
    client_ = exchange_->accept_websocket(std::string_view(chosen.data(), chosen.size()));
    if (!client_) {
      send(reply_to_error(bad_request("exec needs a WebSocket")), *exchange_);
      return close_kubelet();
    }
    std::weak_ptr<ExecSession> weak = weak_from_this();
    client_->start(
        [&io = io_, weak](std::string message) {
          asio::post(io, [weak, message = std::move(message)]() mutable {
            if (auto self = weak.lock()) {
              self->queue(std::move(message));
            }
          });
        },
        [&io = io_, weak] {
          asio::post(io, [weak] {
            if (auto self = weak.lock()) {
              self->close_kubelet();
            }
          });
        });
    read_more();
  }

  void read_more() {
    kubelet_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error || !self->client_->send_binary(beast::buffers_to_string(self->buffer_.data()))) {
        self->client_->close();
        return;
      }
      self->buffer_.consume(self->buffer_.size());
      self->read_more();
    });
  }

  void queue(std::string message) {
    queued_bytes_ += message.size();
    queue_.push_back(std::move(message));
    if (queued_bytes_ > queued_bytes_max) {
      return close_kubelet();
    }
    if (queue_.size() == 1) {
      write_next();
    }
  }

  void write_next() {
    kubelet_.async_write(asio::buffer(queue_.front()),
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                           self->queued_bytes_ -= self->queue_.front().size();
                           self->queue_.pop_front();
                           if (!error && !self->queue_.empty()) {
                             self->write_next();
                           }
                         });
  }

  // The pending read ends with an error and lets go of the session.
  void close_kubelet() { beast::get_lowest_layer(kubelet_).close(); }

  void refuse(const std::string& doing, beast::error_code error) {
    if (error == websocket::error::upgrade_declined) {
      send(reply_to_error(bad_request(answer_.body().empty() ? "the kubelet refused to upgrade" : answer_.body())),
           *exchange_);
      return;
    }
    send(reply_to_error(service_unavailable("the kubelet at " + request_.kubelet.text() +
                                            " cannot be reached: " + doing + ": " + error.message())),
         *exchange_);
  }

  asio::io_context& io_;
  websocket::stream<beast::ssl_stream<beast::tcp_stream>> kubelet_;
  KubeletRequest request_;
  std::string subprotocols_;
  std::shared_ptr<platform::HttpExchange> exchange_;
  websocket::response_type answer_;
  std::shared_ptr<platform::WebSocket> client_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
};

}  // namespace

void start_exec_proxy_session(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
                              std::string subprotocols, std::shared_ptr<platform::HttpExchange> exchange) {
  std::make_shared<ExecSession>(io, context, request, std::move(subprotocols), std::move(exchange))->start();
}

}  // namespace troupe::local
