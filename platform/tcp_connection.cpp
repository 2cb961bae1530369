#include "platform/tcp_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "platform/os_error.hpp"
#include "platform/output_buffer.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

constexpr std::size_t read_bytes_max = 128 * 1024;
/// How long a closed connection may take to deliver its last bytes and see the peer's end.
constexpr std::chrono::seconds close_timeout{5};

Endpoint to_endpoint(const net::ip::tcp::endpoint& from) { return {from.address().to_string(), from.port()}; }

/// Every connection of a loop reads into the same buffer: an idle connection holds none.
std::span<std::byte> read_buffer() {
  thread_local std::vector<std::byte> buffer(read_bytes_max);
  return buffer;
}

/// Outlives the Connection that users hold, for as long as operations are under way.
class TcpStream : public std::enable_shared_from_this<TcpStream> {
 public:
  explicit TcpStream(net::ip::tcp::socket socket) : socket_(std::move(socket)), deadline_(socket_.get_executor()) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(net::ip::tcp::no_delay(true), ignored);
    local_ = to_endpoint(socket_.local_endpoint(ignored));
    remote_ = to_endpoint(socket_.remote_endpoint(ignored));
  }

  void start(Connection::Handlers handlers) {
    check(!started_, "Connection::start called twice");
    started_ = true;
    handlers_ = std::move(handlers);
    wait_readable();
  }

  void write(Bytes data) {
    if (ended_ || closing_ || data.empty()) {
      return;
    }
    output_.append(std::move(data));
    write_some();
  }

  void pause_reading() { paused_ = true; }
  void resume_reading() {
    paused_ = false;
    if (started_) {
      wait_readable();
    }
  }

  void close() {
    if (ended_ || closing_) {
      return;
    }
    closing_ = true;
    deadline_.expires_after(close_timeout);
    deadline_.async_wait([self = shared_from_this()](error_code failed) {
      if (!failed) {
        self->end();
      }
    });
    if (output_.size() == 0) {
      finish_output();
    }
  }

  /// The user dropped the connection: at once, unless it was closed before and is still delivering.
  void abandon() {
    abandoned_ = true;
    if (!closing_) {
      end();
    }
  }

  [[nodiscard]] std::size_t buffered() const { return output_.size(); }
  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }

 private:
  void wait_readable() {
    if (waiting_ || paused_ || ended_) {
      return;
    }
    waiting_ = true;
    socket_.async_wait(net::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code failed) {
      self->waiting_ = false;
      if (!failed && !self->paused_ && !self->ended_) {
        self->read_some();
      }
    });
  }

  void read_some() {
    const std::span<std::byte> buffer = read_buffer();
    error_code failed;
    const std::size_t count = socket_.read_some(net::buffer(buffer.data(), buffer.size()), failed);
    if (failed == net::error::eof) {
      return fail(std::nullopt);
    }
    if (failed && failed != net::error::would_block && failed != net::error::interrupted) {
      return fail(os_error(failed.value(), "reading from " + remote_.text()));
    }
    if (count > 0 && !closing_ && handlers_.on_data) {
      handlers_.on_data(ByteView(buffer.data(), count));
    }
    wait_readable();
  }

  void write_some() {
    if (writing_) {
      return;
    }
    writing_ = true;
    socket_.async_write_some(output_.take_in_flight(),
                             [self = shared_from_this()](error_code failed, std::size_t count) {
                               self->writing_ = false;
                               self->wrote(failed, count);
                             });
  }

  void wrote(error_code failed, std::size_t count) {
    output_.consume(count);
    if (ended_) {
      return;
    }
    if (failed) {
      return fail(os_error(failed.value(), "writing to " + remote_.text()));
    }
    if (output_.size() > 0) {
      return write_some();
    }
    if (closing_) {
      return finish_output();
    }
    if (handlers_.on_drained) {
      handlers_.on_drained();
    }
  }

  /// Everything was written: say so to the peer, then read until it ends too. Closing with unread input would reset
  /// the connection, and the peer could lose our last bytes.
  void finish_output() {
    error_code failed;
    socket_.shutdown(net::ip::tcp::socket::shutdown_send, failed);
    if (failed) {
      return end();
    }
    paused_ = false;
    wait_readable();
  }

  void fail(std::optional<Error> reason) {
    const bool tell = !ended_ && !closing_ && !abandoned_;
    end();
    if (tell) {
      // Moved out first: `on_close` may destroy whatever the handlers belong to.
      const Connection::Handlers handlers = std::move(handlers_);
      if (handlers.on_close) {
        handlers.on_close(std::move(reason));
      }
    }
  }

  void end() {
    ended_ = true;
    error_code ignored;
    deadline_.cancel(ignored);
    socket_.close(ignored);
  }

  net::ip::tcp::socket socket_;
  net::steady_timer deadline_;
  Connection::Handlers handlers_;
  OutputBuffer<Bytes> output_;
  Endpoint local_;
  Endpoint remote_;
  bool started_ = false;
  bool waiting_ = false;
  bool paused_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool abandoned_ = false;
  bool ended_ = false;
};

class TcpConnection final : public Connection {
 public:
  explicit TcpConnection(std::shared_ptr<TcpStream> stream) : stream_(std::move(stream)) {}
  ~TcpConnection() override { stream_->abandon(); }
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  void start(Handlers handlers) override { stream_->start(std::move(handlers)); }
  void write(Bytes data) override { stream_->write(std::move(data)); }
  std::size_t buffered() const override { return stream_->buffered(); }
  void pause_reading() override { stream_->pause_reading(); }
  void resume_reading() override { stream_->resume_reading(); }
  void close() override { stream_->close(); }
  Endpoint local() const override { return stream_->local(); }
  Endpoint remote() const override { return stream_->remote(); }

 private:
  std::shared_ptr<TcpStream> stream_;
};

}  // namespace

std::unique_ptr<Connection> make_tcp_connection(net::ip::tcp::socket socket) {
  return std::make_unique<TcpConnection>(std::make_shared<TcpStream>(std::move(socket)));
}

}  // namespace troupe::platform
