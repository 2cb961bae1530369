#include "platform/http_websocket.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <mutex>
#include <utility>

#include "platform/http_transport.hpp"

namespace troupe::platform {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// What is shared between the threads that send and the strand that writes.
class SendQueue {
 public:
  enum class Pushed { queued, refused, overflowed };

  explicit SendQueue(std::size_t unread_bytes_max) : unread_bytes_max_(unread_bytes_max) {}

  Pushed push(std::string message) {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return Pushed::refused;
    }
    if (unread_bytes_ + message.size() > unread_bytes_max_) {
      closed_ = true;
      return Pushed::overflowed;
    }
    unread_bytes_ += message.size();
    messages_.push_back(std::move(message));
    return Pushed::queued;
  }

  std::optional<std::string> pop() {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) {
      return std::nullopt;
    }
    std::string message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

  void sent(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    unread_bytes_ -= bytes;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  const std::size_t unread_bytes_max_;
  std::mutex mutex_;
  std::deque<std::string> messages_;
  std::size_t unread_bytes_ = 0;  ///< Also of the message that is being written.
  bool closed_ = false;
};

/// All but the four public methods runs on the strand.
template <class Stream>
class BeastWebSocket final : public HttpWebSocket {
 public:
  BeastWebSocket(Stream& stream, WebSocketAccept accept)
      : accept_(std::move(accept)), stream_(stream), queue_(accept_.unread_bytes_max) {
    stream_.set_option(websocket::stream_base::timeout{accept_.idle_timeout, accept_.idle_timeout, true});
    stream_.set_option(
        websocket::stream_base::decorator([name = accept_.subprotocol](websocket::response_type& answer) {
          if (!name.empty()) {
            answer.set(beast::http::field::sec_websocket_protocol, name);
          }
        }));
    stream_.read_message_max(accept_.message_bytes_max);
    stream_.binary(true);
  }

  void start(std::function<void(std::string)> on_message, std::function<void()> on_closed) override {
    on_strand([this, on_message = std::move(on_message), on_closed = std::move(on_closed)] {
      on_closed_ = on_closed;
      started_ = true;
      if (ended_) {
        return tell_closed();
      }
      on_message_ = on_message;
      if (open_) {
        read();
      }
    });
  }

  bool send_binary(std::string message) override {
    switch (queue_.push(std::move(message))) {
      case SendQueue::Pushed::queued:
        on_strand([this] { write(); });
        return true;
      case SendQueue::Pushed::overflowed:
        on_strand([this] { end(); });
        return false;
      case SendQueue::Pushed::refused:
        break;
    }
    return false;
  }

  void close() override {
    queue_.close();
    on_strand([this] {
      closing_ = true;
      write();
    });
  }

  void accept() override {
    stream_.async_accept(accept_.request, [this, self = shared_from_this()](error_code failed) {
      if (failed) {
        return end();
      }
      open_ = true;
      write();
      if (started_) {
        read();
      }
    });
  }

 private:
  void on_strand(std::function<void()> task) {
    accept_.post([self = shared_from_this(), task = std::move(task)] { task(); });
  }

  void read() {
    if (ended_) {
      return;
    }
    stream_.async_read(input_, [this, self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) {
        return end();
      }
      std::string message = beast::buffers_to_string(input_.data());
      input_.consume(input_.size());
      if (on_message_) {
        on_message_(std::move(message));
      }
      read();
    });
  }

  void write() {
    if (!open_ || ended_ || writing_) {
      return;
    }
    auto message = queue_.pop();
    if (!message) {
      if (closing_) {
        send_close();
      }
      return;
    }
    writing_ = true;
    output_ = std::move(*message);
    stream_.async_write(boost::asio::buffer(output_),
                        [this, self = shared_from_this()](error_code failed, std::size_t) {
                          writing_ = false;
                          queue_.sent(output_.size());
                          if (failed) {
                            return end();
                          }
                          write();
                        });
  }

  void send_close() {
    writing_ = true;  // Nothing may follow.
    stream_.async_close(websocket::close_code::normal, [this, self = shared_from_this()](error_code) { end(); });
  }

  void end() {
    if (std::exchange(ended_, true)) {
      return;
    }
    queue_.close();
    accept_.transport->close();
    accept_.on_ended();
    // They may own this WebSocket.
    accept_.on_ended = nullptr;
    on_message_ = nullptr;
    if (started_) {
      tell_closed();
    }
  }

  void tell_closed() {
    const auto on_closed = std::exchange(on_closed_, nullptr);
    if (on_closed) {
      on_closed();
    }
  }

  WebSocketAccept accept_;
  websocket::stream<Stream&> stream_;
  SendQueue queue_;
  beast::flat_buffer input_;
  std::string output_;
  std::function<void(std::string)> on_message_;
  std::function<void()> on_closed_;
  bool open_ = false;
  bool started_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<HttpWebSocket> make_http_websocket(PlainSocket& stream, WebSocketAccept accept) {
  return std::make_shared<BeastWebSocket<PlainSocket>>(stream, std::move(accept));
}

std::shared_ptr<HttpWebSocket> make_http_websocket(TlsSocket& stream, WebSocketAccept accept) {
  return std::make_shared<BeastWebSocket<TlsSocket>>(stream, std::move(accept));
}

}  // namespace troupe::platform
