// An ObjectCache that is told of every change and finds what belongs to a cluster without searching: a reconcile costs
// what its cluster holds, not what the API server holds.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "operator/control/object_cache.hpp"

namespace troupe::control {

/// Thread-safe.
class CacheIndex final : public ObjectCache {
 public:
  /// What the API server holds now. Objects without the cluster label are not kept.
  void put_cluster(const kube::Object& object);
  void remove_cluster(const std::string& key);
  void put_application(const kube::Object& object);
  void remove_application(const std::string& key);
  void put_owned(OwnedKind kind, const kube::Object& object);
  void remove_owned(OwnedKind kind, const kube::Object& object);

  std::optional<kube::Object> cluster(const std::string& key) const override;
  std::optional<kube::Object> application(const std::string& key) const override;
  std::vector<kube::Object> owned(OwnedKind kind, const std::string& cluster_key) const override;
  std::vector<std::string> applications_of(const std::string& cluster_key) const override;
  std::vector<kube::Object> clusters() const override;

 private:
  using ByName = std::map<std::string, kube::Object>;
  using Owned = std::array<ByName, desired::owned_kinds>;

  void remove_application_locked(const std::string& key);

  mutable std::mutex mutex_;
  std::map<std::string, kube::Object> clusters_;
  std::map<std::string, kube::Object> applications_;
  std::map<std::string, std::set<std::string>> applications_of_;
  std::map<std::string, Owned> owned_;
};

/// "namespace/cluster" from the object's label; "" when it has none.
[[nodiscard]] std::string cluster_key_of(const kube::Object& object);
/// The same for a TroupeApplication, from its clusterRef.
[[nodiscard]] std::string cluster_key_of_application(const kube::Object& application);

}  // namespace troupe::control
