// One exec session on its way between client and kubelet: raw bytes, as kube-apiserver passes them, so that whatever
// protocol the two have agreed on works. Private to kubelet_proxy.cpp.
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

/// The method of a client's request and those of its headers that say which upgrade it wants; never its credentials.
[[nodiscard]] platform::HttpRequest upgrade_request(const platform::HttpRequest& client_request);

/// On the io_context's thread. `upgrade` is what `upgrade_request` makes.
void start_exec_tunnel(boost::asio::io_context& io, boost::asio::ssl::context& context, const KubeletRequest& request,
                       const platform::HttpRequest& upgrade, std::shared_ptr<platform::HttpExchange> exchange);

}  // namespace troupe::local
