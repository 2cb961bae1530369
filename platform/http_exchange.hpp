// The answer to one HTTP request, from whatever thread it comes. Private to platform/.
#pragma once

#include <memory>

#include "platform/http_connection.hpp"

namespace troupe::platform {

[[nodiscard]] std::shared_ptr<HttpExchange> make_http_exchange(std::shared_ptr<HttpConnection> connection,
                                                               std::shared_ptr<const HttpRequestTraits> request);

}  // namespace troupe::platform
