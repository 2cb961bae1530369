// The parts of an API server's (or proxy's) address.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::kube {

struct ServerUrl {
  std::string scheme;     ///< "https" | "http".
  std::string user_info;  ///< "user:password", percent-encoded, of proxies; "" when there is none.
  std::string host;       ///< A name or an IPv4 literal, in lower case.
  std::uint16_t port = 0;
  std::string path;  ///< Without a trailing slash; "" for the root.

  /// "https://host:port/path": the port always stands there.
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] bool is_ipv4_literal(std::string_view host);

/// Errors: `invalid_argument` naming the wrong part; `unsupported` for IPv6 literals, which the HTTP library below
/// cannot connect to (use a DNS name).
Result<ServerUrl> parse_server_url(std::string_view url);

}  // namespace troupe::kube
