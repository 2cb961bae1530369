// The environment of a container: what its spec names, resolved as a kubelet does.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "local/pod_runner/pod_spec.hpp"

namespace troupe::local {

/// What env sources refer to. The functions answer the decoded value of a key; nothing when object or key is missing.
struct EnvLookup {
  const nlohmann::json* pod = nullptr;
  std::string pod_ip;
  std::string host_ip;
  std::function<Result<std::optional<std::string>>(const std::string& name, const std::string& key)> secret_key;
  std::function<Result<std::optional<std::string>>(const std::string& name, const std::string& key)> config_map_key;
};

/// Variables in order, later ones win; `$(NAME)` refers to earlier ones, `$$(NAME)` stays `$(NAME)`.
/// Errors: `not_found` for a missing object or key that is not optional, `unsupported` for an unknown field path,
/// or what a lookup failed with.
Result<std::map<std::string, std::string>> resolve_environment(const ContainerSpec& container, const EnvLookup& lookup);

/// metadata.name, metadata.namespace, metadata.uid, metadata.labels['k'], metadata.annotations['k'], spec.nodeName,
/// spec.serviceAccountName, status.podIP, status.hostIP.
Result<std::string> resolve_field(const std::string& path, const EnvLookup& lookup);

/// `$(NAME)` in `text` by `variables`; unknown names stay as they are.
[[nodiscard]] std::string expand_references(const std::string& text,
                                            const std::map<std::string, std::string>& variables);

}  // namespace troupe::local
