// What the server serves, as kubectl and client libraries ask for it: /api, /apis, group and version documents, and the
// aggregated form (apidiscovery.k8s.io). Pure; everything follows from the resource table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::local {

/// Kinds that are answered but not kept.
struct ReviewEntry {
  std::string_view group;
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
};
[[nodiscard]] const std::vector<ReviewEntry>& review_kinds();

/// Group and version of everything served; preferred versions first within a group.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> served_versions();

/// The document at a discovery path (segments of /api, /api/v1, /apis, /apis/G, /apis/G/V); empty for other paths.
[[nodiscard]] std::optional<std::string> discovery_document(const std::vector<std::string>& segments,
                                                            const std::string& server_address);
/// APIGroupDiscoveryList for /api or /apis; empty for other paths. `version` is "v2" or "v2beta1".
[[nodiscard]] std::optional<std::string> aggregated_discovery_document(const std::vector<std::string>& segments,
                                                                       const std::string& version);

}  // namespace troupe::local
