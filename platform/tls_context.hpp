// A server's TLS settings as an OpenSSL context. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "platform/http_server.hpp"

namespace troupe::platform {

/// TLS 1.2 and later. Errors: `invalid_argument`, naming the part that cannot be read or does not fit.
Result<boost::asio::ssl::context> make_server_tls_context(const HttpServer::Tls& tls);

}  // namespace troupe::platform
