#include "platform/tls_network.hpp"

#include <utility>

#include "platform/tls_stream.hpp"

namespace troupe::platform {

TlsNetwork::TlsNetwork(Network& inner, TlsCredentialSource credentials, std::vector<std::string> domains)
    : inner_(inner),
      settings_(std::make_shared<Settings>(
          Settings{std::move(credentials), std::make_shared<const std::vector<std::string>>(std::move(domains))})) {}

Result<std::unique_ptr<Listener>> TlsNetwork::listen(const Endpoint& at, AcceptHandler on_accept) {
  return inner_.listen(at, [settings = settings_, on_accept = std::move(on_accept)](std::unique_ptr<Connection> plain) {
    on_accept(make_tls_connection(std::move(plain), TlsRole::server, settings->credentials(), settings->domains));
  });
}

void TlsNetwork::connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
                         std::optional<std::string> from) {
  inner_.connect(
      to, timeout,
      [settings = settings_, on_connected = std::move(on_connected)](Result<std::unique_ptr<Connection>> plain) {
        if (!plain) {
          return on_connected(std::move(plain));
        }
        on_connected(
            make_tls_connection(std::move(plain).value(), TlsRole::client, settings->credentials(), settings->domains));
      },
      std::move(from));
}

}  // namespace troupe::platform
