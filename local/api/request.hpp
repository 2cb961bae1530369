// A request as the API reads it: which resource, which object, which verb, which options.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "local/api/resource_table.hpp"
#include "local/api/status_error.hpp"

namespace troupe::local {

struct Query {
  std::multimap<std::string, std::string, std::less<>> values;

  /// The first value; "" when absent.
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return values.find(name) != values.end(); }
  /// "true" or "1" (as url.Values booleans are read).
  [[nodiscard]] bool flag(std::string_view name) const;
};

/// The target of a request line: decoded path and query.
struct RequestTarget {
  std::string path;
  std::vector<std::string> segments;  ///< Of the path, decoded, without empty ones.
  Query query;
  std::string raw_query;
};
/// Empty for a target that is not a path, or has broken percent-encoding.
std::optional<RequestTarget> parse_request_target(std::string_view target);
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// A path that names a resource: /api/v1/... or /apis/GROUP/VERSION/...
struct ResourcePath {
  const ResourceEntry* resource = nullptr;
  std::string namespace_name;
  std::string name;           ///< "" for the collection.
  std::string subresource;    ///< "status", "scale", ...
  bool watch_prefix = false;  ///< The old /watch/ form.
};
/// Error: 404 for what is not served.
ApiResult<ResourcePath> parse_resource_path(const RequestTarget& target);

/// Write options that travel in the query.
struct WriteParameters {
  bool dry_run = false;
  enum class Validation { ignore, warn, strict } validation = Validation::warn;
};
/// Error: 400/422 for values that mean nothing.
ApiResult<WriteParameters> parse_write_parameters(const Query& query);

}  // namespace troupe::local
