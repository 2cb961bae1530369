// Which proxy a server is reached through, by the environment variables that curl and Go agree on.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace troupe::kube {

/// Value of an environment variable, "" when unset.
using Environment = std::function<std::string(std::string_view name)>;

/// "" for none. HTTPS_PROXY or https_proxy for https servers, http_proxy (lower case alone, CVE-2016-5385) for http;
/// NO_PROXY or no_proxy lists names (with their subdomains), IPv4 addresses, CIDR blocks and "*", each with an optional
/// ":port". localhost and 127.0.0.0/8 are never proxied, as in Go. A value without a scheme is taken as http://.
std::string proxy_for(std::string_view server_url, const Environment& environment);

/// The environment of this program.
std::string program_environment(std::string_view name);

}  // namespace troupe::kube
