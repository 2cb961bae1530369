// Certificates made here: a self-signed CA and what it signs (EC P-256, X.509 v3 as in RFC 5280), for the local API
// server, for `distribution.tls: Managed` and for tests. Everything is PEM text.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace troupe::platform {

struct CertificateAndKey {
  std::string certificate_pem;
  std::string private_key_pem;  ///< PKCS #8, not encrypted.
};

enum class CertificateUse {
  server,
  client,
  peer,  ///< Both, for a node; its addresses are given as DNS names too, since Erlang's inet_tls_dist looks there.
};

/// A self-signed CA with `name` as its subject CN (1 to 64 bytes). Valid from an hour ago, for clocks that differ,
/// until `validity` from now. Errors: `invalid_argument`, `internal`.
Result<CertificateAndKey> make_ca(const std::string& name, std::chrono::seconds validity);

/// A leaf signed by `ca` with `name` as its subject CN. Each of `subject_alternative_names` is an IPv4 or IPv6 literal
/// or else a DNS name; a server is known by these alone, not by its CN. `use` gives its extended key usage.
/// Errors: `invalid_argument` (a name, or a CA that cannot be read), `internal`.
Result<CertificateAndKey> issue_certificate(const CertificateAndKey& ca, const std::string& name,
                                            const std::vector<std::string>& subject_alternative_names,
                                            std::chrono::seconds validity, CertificateUse use);

}  // namespace troupe::platform
