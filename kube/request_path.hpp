// Paths and queries of API requests, percent-encoded.
#pragma once

#include <string>
#include <string_view>

#include "kube/client.hpp"

namespace troupe::kube {

/// RFC 3986: everything but unreserved characters.
std::string percent_encode(std::string_view text);

/// "/api/v1/namespaces/shop/pods/cart-0/status". An empty `namespace_name` leaves the namespace out, an empty `name`
/// names the collection.
std::string resource_path(const ResourceType& type, std::string_view namespace_name, std::string_view name = {},
                          std::string_view subresource = {});

std::string list_query(const ListOptions& options);
std::string watch_query(const WatchOptions& options);
std::string write_query(const WriteOptions& options);

}  // namespace troupe::kube
