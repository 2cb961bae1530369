// The Transport on cpprestsdk. HTTP/1.1, IPv4, TLS by OpenSSL, proxies by CONNECT.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "kube/config.hpp"
#include "kube/transport.hpp"

namespace troupe::kube {

/// `response_bytes_max` bounds what `send` collects; streams are bounded by their reader.
/// Errors: `invalid_argument` and `unsupported` for a config that cannot work, naming the field.
Result<std::unique_ptr<Transport>> make_cpprest_transport(const Config& config,
                                                          std::size_t response_bytes_max = 256U * 1024 * 1024);

}  // namespace troupe::kube
