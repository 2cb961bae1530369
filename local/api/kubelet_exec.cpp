#include "local/api/kubelet_exec.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "local/api/reply.hpp"

namespace troupe::local {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string to_text(beast::string_view text) { return {text.data(), text.size()}; }

class ExecTunnel : public std::enable_shared_from_this<ExecTunnel> {
 public:
  ExecTunnel(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
             const platform::HttpRequest& upgrade, std::shared_ptr<platform::HttpExchange> exchange)
      : io_(io), kubelet_(io, context), at_(request.kubelet), exchange_(std::move(exchange)) {
    request_ = {http::string_to_verb(upgrade.method), request.target, 11};
    request_.set(http::field::host, at_.text());
    request_.set(http::field::connection, "Upgrade");
    for (const auto& [name, value] : upgrade.headers) {
      request_.set(name, value);
    }
    request_.prepare_payload();
    answer_.body_limit(kubelet_error_text_bytes_max);
  }

  void start() {
    boost::system::error_code malformed;
    const asio::ip::address address = asio::ip::make_address(at_.host, malformed);
    if (malformed) {
      return fail("address " + at_.host, malformed);
    }
    beast::get_lowest_layer(kubelet_).expires_after(kubelet_connect_timeout);
    beast::get_lowest_layer(kubelet_).async_connect(asio::ip::tcp::endpoint(address, at_.port),
                                                    [self = shared_from_this()](beast::error_code error) {
                                                      return error ? self->fail("connect", error) : self->secure();
                                                    });
  }

 private:
  void secure() {
    kubelet_.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](beast::error_code error) {
      return error ? self->fail("TLS handshake", error) : self->ask();
    });
  }

  void ask() {
    http::async_write(kubelet_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      return error ? self->fail("send", error) : self->read_head();
    });
  }

  void read_head() {
    http::async_read_header(kubelet_, buffer_, answer_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (error) {
                                return self->fail("read", error);
                              }
                              const bool agreed = self->answer_.get().result() == http::status::switching_protocols;
                              return agreed ? self->join() : self->read_refusal();
                            });
  }

  void read_refusal() {
    http::async_read(kubelet_, buffer_, answer_, [self = shared_from_this()](beast::error_code, std::size_t) {
      const std::string& text = self->answer_.get().body();
      send(reply_to_error(bad_request(text.empty() ? "the kubelet refused to upgrade" : text)), *self->exchange_);
    });
  }

  void join() {
    platform::HttpHeaders headers;
    for (const auto& field : answer_.get()) {
      headers.emplace_back(to_text(field.name_string()), to_text(field.value()));
    }
    client_ = exchange_->upgrade(to_text(answer_.get()[http::field::upgrade]), std::move(headers));
    if (!client_) {
      return send(reply_to_error(bad_request("Upgrade request required")), *exchange_);
    }
    beast::get_lowest_layer(kubelet_).expires_never();
    std::weak_ptr<ExecTunnel> weak = weak_from_this();
    client_->start(
        [&io = io_, weak](std::string bytes) {
          asio::post(io, [weak, bytes = std::move(bytes)]() mutable {
            if (auto self = weak.lock()) {
              self->pass_on(std::move(bytes));
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
    // What the kubelet sent right after its answer.
    if (buffer_.size() == 0 || client_->write(beast::buffers_to_string(buffer_.data()))) {
      read_more();
    }
  }

  void read_more() {
    kubelet_.async_read_some(asio::buffer(from_kubelet_),
                             [self = shared_from_this()](beast::error_code error, std::size_t count) {
                               if (error || !self->client_->write(std::string(self->from_kubelet_.data(), count))) {
                                 return self->client_->close(std::chrono::seconds(0));
                               }
                               self->read_more();
                             });
  }

  void pass_on(std::string bytes) {
    from_client_ = std::move(bytes);
    asio::async_write(kubelet_, asio::buffer(from_client_),
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error) {
                          self->client_->read_more();
                        }
                      });
  }

  /// The pending read ends with an error and lets go of the session.
  void close_kubelet() { beast::get_lowest_layer(kubelet_).close(); }

  void fail(const std::string& doing, beast::error_code error) {
    send(reply_to_error(service_unavailable("the kubelet at " + at_.text() + " cannot be reached: " + doing + ": " +
                                            error.message())),
         *exchange_);
  }

  asio::io_context& io_;
  beast::ssl_stream<beast::tcp_stream> kubelet_;
  Endpoint at_;
  std::shared_ptr<platform::HttpExchange> exchange_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> answer_;
  beast::flat_buffer buffer_;
  std::shared_ptr<platform::UpgradedConnection> client_;
  std::array<char, 16 * 1024> from_kubelet_{};
  std::string from_client_;
};

}  // namespace

platform::HttpRequest upgrade_request(const platform::HttpRequest& client_request) {
  platform::HttpRequest upgrade;
  upgrade.method = client_request.method;
  for (const char* name : {"Upgrade", "X-Stream-Protocol-Version", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
                           "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}) {
    if (std::string value = client_request.joined_header(name); !value.empty()) {
      upgrade.headers.emplace_back(name, std::move(value));
    }
  }
  return upgrade;
}

void start_exec_tunnel(asio::io_context& io, asio::ssl::context& context, const KubeletRequest& request,
                       const platform::HttpRequest& upgrade, std::shared_ptr<platform::HttpExchange> exchange) {
  std::make_shared<ExecTunnel>(io, context, request, upgrade, std::move(exchange))->start();
}

}  // namespace troupe::local
