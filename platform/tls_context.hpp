// TLS settings as OpenSSL contexts, TLS 1.2 and later. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "platform/http_server.hpp"
#include "platform/tls_credentials.hpp"

namespace troupe::platform {

/// A server whose clients may show a certificate. Errors: `invalid_argument`, naming the part that cannot be read or
/// does not fit.
Result<boost::asio::ssl::context> make_server_tls_context(const HttpServer::Tls& tls);

/// Either side of a connection on which both must show a certificate that the CA has signed. Errors: as above.
Result<boost::asio::ssl::context> make_peer_tls_context(const TlsIdentity& identity);

}  // namespace troupe::platform
