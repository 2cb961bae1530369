#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "base/log.hpp"
#include "platform/os_error.hpp"
#include "platform/tcp.hpp"
#include "platform/tcp_connection.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

/// After an accept that failed for want of descriptors or memory: trying again at once would spin.
constexpr std::chrono::milliseconds accept_retry_delay{100};

class AcceptLoop : public std::enable_shared_from_this<AcceptLoop> {
 public:
  AcceptLoop(net::ip::tcp::acceptor acceptor, Network::AcceptHandler on_accept)
      : acceptor_(std::move(acceptor)), retry_(acceptor_.get_executor()), on_accept_(std::move(on_accept)) {}

  void accept_next() {
    acceptor_.async_accept([self = shared_from_this()](error_code failed, net::ip::tcp::socket socket) {
      self->accepted(failed, std::move(socket));
    });
  }

  void stop() {
    stopped_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel(ignored);
  }

  [[nodiscard]] Endpoint local() const {
    error_code ignored;
    const auto at = acceptor_.local_endpoint(ignored);
    return {at.address().to_string(), at.port()};
  }

 private:
  void accepted(error_code failed, net::ip::tcp::socket socket) {
    if (stopped_) {
      return;
    }
    if (!failed) {
      on_accept_(make_tcp_connection(std::move(socket)));
    } else if (failed != net::error::connection_aborted) {
      log_warning("cannot accept a connection", {{"at", local().text()}, {"error", failed.message()}});
      retry_.expires_after(accept_retry_delay);
      retry_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && !self->stopped_) {
          self->accept_next();
        }
      });
      return;
    }
    if (!stopped_) {  // The handler may have destroyed the listener.
      accept_next();
    }
  }

  net::ip::tcp::acceptor acceptor_;
  net::steady_timer retry_;
  Network::AcceptHandler on_accept_;
  bool stopped_ = false;
};

class TcpListener final : public Listener {
 public:
  explicit TcpListener(std::shared_ptr<AcceptLoop> accepting) : accepting_(std::move(accepting)) {
    accepting_->accept_next();
  }
  ~TcpListener() override { accepting_->stop(); }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  Endpoint local() const override { return accepting_->local(); }

 private:
  std::shared_ptr<AcceptLoop> accepting_;
};

}  // namespace

Result<std::unique_ptr<Listener>> listen_tcp(net::io_context& context, const Endpoint& at,
                                             Network::AcceptHandler on_accept) {
  error_code failed;
  const auto address = net::ip::make_address_v4(at.host, failed);
  if (failed) {
    return Error{ErrorCode::invalid_argument, "cannot listen on \"" + at.host + "\": not an IPv4 address"};
  }
  net::ip::tcp::acceptor acceptor(context);
  const net::ip::tcp::endpoint endpoint(address, at.port);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) {
    acceptor.set_option(net::ip::tcp::acceptor::reuse_address(true), failed);
  }
  if (!failed) {
    acceptor.bind(endpoint, failed);
  }
  if (!failed) {
    acceptor.listen(net::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return os_error(failed.value(), "cannot listen on " + at.text());
  }
  return std::unique_ptr<Listener>(
      std::make_unique<TcpListener>(std::make_shared<AcceptLoop>(std::move(acceptor), std::move(on_accept))));
}

}  // namespace troupe::platform
