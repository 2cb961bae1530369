// Who is trusted and who we are, loaded into an OpenSSL context for each new connection, so that rotated files count
// from the next connection on.
#pragma once

#include <string>

#include "base/result.hpp"
#include "kube/config.hpp"

struct ssl_ctx_st;

namespace troupe::kube {

/// Trusts the config's CA alone (the system's when it names none), presents its client certificate, and checks the
/// certificate's subject alternative names against `host` (never the CN; as Go's crypto/tls does).
/// Errors: `invalid_argument` naming the field that OpenSSL cannot read; `not_found` for a missing ca_file.
Result<void> configure_tls(ssl_ctx_st* context, const Config& config, const std::string& host);

/// The same on a context made for the purpose: tells at start what would fail at the first connection.
Result<void> check_tls(const Config& config, const std::string& host);

}  // namespace troupe::kube
