// TCP over IPv4 on an io_context: what AsioLoop's Network methods do. Private to platform/.
#pragma once

#include <optional>
#include <string>

#include "base/network.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::platform {

/// See Network::listen.
Result<std::unique_ptr<Listener>> listen_tcp(boost::asio::io_context& context, const Endpoint& at,
                                             Network::AcceptHandler on_accept);

/// See Network::connect.
void connect_tcp(boost::asio::io_context& context, const Endpoint& to, Duration timeout,
                 Network::ConnectHandler on_connected, const std::optional<std::string>& from);

}  // namespace troupe::platform
