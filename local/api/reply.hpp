// The answer to one API request before it becomes HTTP.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "local/api/status_error.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::string> warnings;  ///< Each becomes a Warning header (RFC 7234, code 299), which kubectl prints.
};

[[nodiscard]] Reply reply_to_error(const StatusError& error);
void send(const Reply& reply, platform::HttpExchange& exchange);

}  // namespace troupe::local
