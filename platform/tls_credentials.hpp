// What a node shows its peers over TLS and whom it believes, for links on which both sides have a certificate.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace troupe::platform {

/// PEM text, as a Secret of type kubernetes.io/tls with cert-manager's ca.crt holds it.
struct TlsIdentity {
  std::string certificate_pem;  ///< tls.crt: leaf first, then intermediates.
  std::string private_key_pem;  ///< tls.key, not encrypted.
  std::string ca_pem;           ///< ca.crt: one or more; two while a CA is replaced by another.

  bool operator==(const TlsIdentity&) const = default;
};

/// Immutable, thread-safe. TLS 1.2 and later, no sessions to resume: links live long.
class TlsCredentials {
 public:
  /// Errors: `invalid_argument`, naming the part that cannot be read or does not fit.
  static Result<std::shared_ptr<const TlsCredentials>> make(const TlsIdentity& identity);
  ~TlsCredentials();
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  /// OpenSSL's context for either side of a connection.
  [[nodiscard]] ssl_ctx_st* context() const;

 private:
  struct Context;
  explicit TlsCredentials(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};

/// Asked once for each new connection, so that renewed certificates serve from the next one on; never null.
using TlsCredentialSource = std::function<std::shared_ptr<const TlsCredentials>()>;

}  // namespace troupe::platform
