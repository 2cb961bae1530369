#include "platform/http_exchange.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.hpp"
#include "platform/http_head.hpp"
#include "platform/http_upgrade.hpp"
#include "platform/http_websocket.hpp"

namespace troupe::platform {
namespace {

/// `list` holds protocols between commas, such as "h2c, SPDY/3.1" (RFC 9110, 7.8).
bool offers(std::string_view list, std::string_view protocol) {
  constexpr std::string_view blank = " \t";
  while (!list.empty()) {
    std::string_view next = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), next.size() + 1));
    next.remove_prefix(std::min(next.size(), next.find_first_not_of(blank)));
    next = next.substr(0, next.find_last_not_of(blank) + 1);
    if (http_names_equal(next, protocol)) {
      return true;
    }
  }
  return false;
}

class ConnectionExchange final : public HttpExchange {
 public:
  ConnectionExchange(std::shared_ptr<HttpConnection> connection, std::shared_ptr<const HttpRequestTraits> request)
      : connection_(std::move(connection)), request_(std::move(request)) {}
  ~ConnectionExchange() override {
    if (!answered_) {
      respond(HttpResponse{500, {{"Content-Type", "text/plain"}}, "the request was dropped without an answer\n"});
    }
  }
  ConnectionExchange(const ConnectionExchange&) = delete;
  ConnectionExchange& operator=(const ConnectionExchange&) = delete;

  void respond(HttpResponse response) override {
    mark_answered();
    connection_->on_strand([connection = connection_, response = std::move(response)]() mutable {
      connection->respond(std::move(response));
    });
  }

  std::shared_ptr<HttpStream> stream(int status, HttpHeaders headers) override {
    mark_answered();
    auto queue = make_queue(!request_->is_http_1_0);
    connection_->on_strand([connection = connection_, status, headers = std::move(headers), queue]() mutable {
      connection->stream(status, std::move(headers), std::move(queue));
    });
    return make_http_stream(std::move(queue));
  }

  std::shared_ptr<WebSocket> accept_websocket(std::string_view subprotocol) override {
    if (!request_->websocket) {
      return nullptr;
    }
    mark_answered();
    const HttpServer::Options& options = connection_->core().options;
    WebSocketAccept accept;
    accept.request = *request_->websocket;
    accept.subprotocol = subprotocol;
    accept.message_bytes_max = options.body_bytes_max;
    accept.unread_bytes_max = options.stream_unread_bytes_max;
    accept.idle_timeout = options.idle_timeout;
    accept.post = [connection = connection_](std::function<void()> task) { connection->on_strand(std::move(task)); };
    accept.on_ended = [connection = connection_] { connection->close(); };
    accept.transport = connection_->transport();
    std::shared_ptr<HttpWebSocket> socket = connection_->transport()->websocket(std::move(accept));
    connection_->on_strand([connection = connection_, socket] {
      connection->hand_over_to_websocket();
      socket->accept();
    });
    return socket;
  }

  std::shared_ptr<UpgradedConnection> upgrade(std::string_view protocol, HttpHeaders headers) override {
    if (!offers(request_->upgrade_to, protocol)) {
      return nullptr;
    }
    mark_answered();
    auto queue = make_queue(false);
    connection_->on_strand([connection = connection_, protocol = std::string(protocol), headers = std::move(headers),
                            queue]() mutable { connection->upgrade(protocol, headers, std::move(queue)); });
    return make_upgraded_connection(connection_, std::move(queue));
  }

 private:
  std::shared_ptr<HttpStreamQueue> make_queue(bool chunked) {
    const std::weak_ptr<HttpConnection> weak = connection_;
    HttpStreamQueue::Signals signals;
    signals.on_queued = [weak] {
      if (const auto connection = weak.lock()) {
        connection->on_strand([connection] { connection->on_stream_queued(); });
      }
    };
    signals.on_broken = [weak] {
      if (const auto connection = weak.lock()) {
        connection->close_from_anywhere();
      }
    };
    return std::make_shared<HttpStreamQueue>(connection_->core().options.stream_unread_bytes_max, chunked,
                                             std::move(signals));
  }

  void mark_answered() { check(!answered_.exchange(true), "an HTTP exchange was answered twice"); }

  const std::shared_ptr<HttpConnection> connection_;
  const std::shared_ptr<const HttpRequestTraits> request_;
  std::atomic<bool> answered_ = false;
};

}  // namespace

std::shared_ptr<HttpExchange> make_http_exchange(std::shared_ptr<HttpConnection> connection,
                                                 std::shared_ptr<const HttpRequestTraits> request) {
  return std::make_shared<ConnectionExchange>(std::move(connection), std::move(request));
}

}  // namespace troupe::platform
