// A Network whose streams are TLS with a certificate on both sides.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/network.hpp"
#include "platform/tls_credentials.hpp"

namespace troupe::platform {

/// listen() and connect() call back as soon as `inner` has a stream; TLS's handshake begins with Connection::start, and
/// what it ends with shows in on_close (tls_stream.hpp). Used on the loop's thread, which outlives it with `inner`.
class TlsNetwork final : public Network {
 public:
  /// A certificate is also good for every address when it names one of `domains`: one certificate for all the pods of a
  /// cluster.
  TlsNetwork(Network& inner, TlsCredentialSource credentials, std::vector<std::string> domains);

  Result<std::unique_ptr<Listener>> listen(const Endpoint& at, AcceptHandler on_accept) override;
  void connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
               std::optional<std::string> from = std::nullopt) override;

 private:
  struct Settings {
    TlsCredentialSource credentials;
    std::shared_ptr<const std::vector<std::string>> domains;
  };
  Network& inner_;
  const std::shared_ptr<const Settings> settings_;  ///< Shared with attempts that outlive this.
};

}  // namespace troupe::platform
