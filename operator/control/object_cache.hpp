// What the operator knows of the API server's objects: watched, and so perhaps a little old.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/object.hpp"
#include "operator/control/cached_kind.hpp"

namespace troupe::control {

/// Thread-safe. Keys are "namespace/name".
class ObjectCache {
 public:
  virtual ~ObjectCache() = default;
  [[nodiscard]] virtual std::optional<kube::Object> cluster(const std::string& key) const = 0;
  [[nodiscard]] virtual std::optional<kube::Object> application(const std::string& key) const = 0;
  /// The objects in the cluster's namespace that carry its label.
  [[nodiscard]] virtual std::vector<kube::Object> owned(OwnedKind kind, const std::string& cluster_key) const = 0;
  /// Keys of the applications that name the cluster.
  [[nodiscard]] virtual std::vector<std::string> applications_of(const std::string& cluster_key) const = 0;
  [[nodiscard]] virtual std::vector<kube::Object> clusters() const = 0;
};

}  // namespace troupe::control
