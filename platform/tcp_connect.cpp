#include <netinet/in.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "platform/os_error.hpp"
#include "platform/tcp.hpp"
#include "platform/tcp_connection.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
/// The kernel then picks the port at connect, so one local address can reach many peers from one port.
using bind_address_no_port = net::detail::socket_option::boolean<IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT>;

class ConnectAttempt : public std::enable_shared_from_this<ConnectAttempt> {
 public:
  ConnectAttempt(net::io_context& context, Endpoint to, Network::ConnectHandler on_connected)
      : socket_(context), deadline_(context), to_(std::move(to)), on_connected_(std::move(on_connected)) {}

  void start(Duration timeout, const std::optional<std::string>& from) {
    error_code failed;
    const auto address = net::ip::make_address_v4(to_.host, failed);
    if (failed) {
      return answer_later(
          Error{ErrorCode::invalid_argument, "cannot connect to \"" + to_.host + "\": not an IPv4 address"});
    }
    if (auto bound = open(from); !bound.ok()) {
      return answer_later(bound.error());
    }
    deadline_.expires_after(timeout);
    deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) {
        self->answer(Error{ErrorCode::timeout, "cannot connect to " + self->to_.text() + ": no answer in time"});
      }
    });
    socket_.async_connect({address, to_.port}, [self = shared_from_this()](error_code refused) {
      if (refused) {
        // Nobody at that address is not the caller's mistake, whatever the kernel calls it.
        Error error = os_error(refused.value(), "cannot connect to " + self->to_.text());
        error.code = error.code == ErrorCode::timeout ? ErrorCode::timeout : ErrorCode::unavailable;
        return self->answer(std::move(error));
      }
      self->answer(make_tcp_connection(std::move(self->socket_)));
    });
  }

 private:
  Result<void> open(const std::optional<std::string>& from) {
    error_code failed;
    socket_.open(net::ip::tcp::v4(), failed);
    if (failed) {
      return os_error(failed.value(), "cannot open a socket");
    }
    if (!from) {
      return {};
    }
    const auto address = net::ip::make_address_v4(*from, failed);
    if (failed) {
      return Error{ErrorCode::invalid_argument, "cannot connect from \"" + *from + "\": not an IPv4 address"};
    }
    error_code ignored;
    socket_.set_option(bind_address_no_port(true), ignored);
    socket_.bind({address, 0}, failed);
    if (failed) {
      return os_error(failed.value(), "cannot connect from " + *from);
    }
    return {};
  }

  void answer_later(Error error) {
    net::post(socket_.get_executor(), [self = shared_from_this(), error = std::move(error)] { self->answer(error); });
  }

  void answer(Result<std::unique_ptr<Connection>> outcome) {
    if (!on_connected_) {
      return;
    }
    error_code ignored;
    deadline_.cancel(ignored);
    if (!outcome.ok()) {
      socket_.close(ignored);
    }
    const Network::ConnectHandler on_connected = std::exchange(on_connected_, nullptr);
    on_connected(std::move(outcome));
  }

  net::ip::tcp::socket socket_;
  net::steady_timer deadline_;
  Endpoint to_;
  Network::ConnectHandler on_connected_;
};

}  // namespace

void connect_tcp(net::io_context& context, const Endpoint& to, Duration timeout, Network::ConnectHandler on_connected,
                 const std::optional<std::string>& from) {
  std::make_shared<ConnectAttempt>(context, to, std::move(on_connected))->start(timeout, from);
}

}  // namespace troupe::platform
