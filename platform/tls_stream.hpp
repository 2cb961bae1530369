// TLS on top of any Connection: the same seam above and below, so that it also runs on a simulated network. Private to
// platform/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/network.hpp"
#include "platform/tls_credentials.hpp"

namespace troupe::platform {

enum class TlsRole { client, server };

/// `inner` must not be started yet. The handshake begins with Connection::start; what is written before its end waits.
/// on_close then has an error: `permission_denied` when a certificate was refused, by us or by the peer,
/// `invalid_argument` when the peer does not speak TLS, `unavailable` when the stream was cut without TLS's own end.
/// peer_is(host): the peer's certificate names the address `host`, or one of `domains` (DNS names, as *.example.org).
[[nodiscard]] std::unique_ptr<Connection> make_tls_connection(std::unique_ptr<Connection> inner, TlsRole role,
                                                              std::shared_ptr<const TlsCredentials> credentials,
                                                              std::shared_ptr<const std::vector<std::string>> domains);

}  // namespace troupe::platform
