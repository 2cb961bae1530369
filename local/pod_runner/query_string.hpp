// Paths and queries of request targets, percent-decoded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::local {

struct Target {
  std::vector<std::string> path;  ///< Segments between slashes; no empty ones.
  std::vector<std::pair<std::string, std::string>> query;

  /// "" when absent; the first when repeated.
  [[nodiscard]] std::string first(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view key) const;
  /// "true" or "1".
  [[nodiscard]] bool flag(std::string_view key) const;
};

[[nodiscard]] Target parse_target(std::string_view target);

}  // namespace troupe::local
