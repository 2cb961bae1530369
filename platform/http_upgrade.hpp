// The handle of a connection that was upgraded to another protocol. Private to platform/.
#pragma once

#include <memory>

#include "platform/http_connection.hpp"

namespace troupe::platform {

/// `queue` is the one that the connection sends from.
[[nodiscard]] std::shared_ptr<UpgradedConnection> make_upgraded_connection(
    const std::shared_ptr<HttpConnection>& connection, std::shared_ptr<HttpStreamQueue> queue);

}  // namespace troupe::platform
