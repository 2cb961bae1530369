// One TCP stream on an io_context. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "base/network.hpp"

namespace troupe::platform {

/// Takes over a connected socket. Reading starts at `Connection::start`.
[[nodiscard]] std::unique_ptr<Connection> make_tcp_connection(boost::asio::ip::tcp::socket socket);

}  // namespace troupe::platform
