// One exec session: the messages of two WebSockets passed on. Private to kubelet_proxy.cpp.
#pragma once

#include <memory>
#include <string>

#include "local/api/kubelet_address.hpp"
#include "platform/http_server.hpp"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace troupe::local {

/// On the io_context's thread.
void start_exec_proxy_session(boost::asio::io_context& io, boost::asio::ssl::context& context,
                              const KubeletRequest& request, std::string subprotocols,
                              std::shared_ptr<platform::HttpExchange> exchange);

}  // namespace troupe::local
