// The head of an HTTP/1.1 response as bytes (RFC 9112), and its Date (RFC 9110, 5.6.7).
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "platform/http_server.hpp"

namespace troupe::platform {

struct HttpHead {
  int status = 200;
  /// Those that say how the message is framed are ours alone: Content-Length, Transfer-Encoding, Connection,
  /// Upgrade and Date are left out here.
  const HttpHeaders& headers;
  std::optional<std::size_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  std::string_view upgrade_to = {};  ///< With status 101: the protocol that follows.
};

/// Line breaks inside a name or value become spaces: nobody can smuggle a header or a second response.
[[nodiscard]] std::string format_http_head(const HttpHead& head, WallTime date);
[[nodiscard]] std::string format_http_date(WallTime date);
/// Statuses 1xx, 204 and 304 never have a body.
[[nodiscard]] bool http_status_has_body(int status);
[[nodiscard]] bool http_names_equal(std::string_view left, std::string_view right);

}  // namespace troupe::platform
