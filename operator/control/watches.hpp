// Watches everything that the operator works with, keeps the CacheIndex equal to it, and says which keys a change
// concerns.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"
#include "kube/reflector.hpp"
#include "operator/control/cache_index.hpp"

namespace troupe::control {

/// Which keys a change concerns. Called on reflectors' threads; must not block.
struct ChangeHandlers {
  std::function<void(const std::string& cluster_key)> on_cluster;
  std::function<void(const std::string& application_key)> on_application;
};

void apply_cluster_change(CacheIndex& index, const kube::Change& change, const ChangeHandlers& handlers);
void apply_application_change(CacheIndex& index, const kube::Change& change, const ChangeHandlers& handlers);
/// Of a pod, only what its applications' statuses are made from concerns them.
void apply_owned_change(CacheIndex& index, OwnedKind kind, const kube::Change& change, const ChangeHandlers& handlers);

class Watches {
 public:
  /// `namespaces` empty watches all. Owned kinds are watched by the cluster label, so that memory follows what belongs
  /// to clusters and nothing else. References must outlive it. `on_synced` runs once, when every first list is in.
  Watches(std::shared_ptr<kube::Client> client, const OwnedTypes& types, const std::vector<std::string>& namespaces,
          const Clock& clock, Random& random, CacheIndex& index, ChangeHandlers handlers,
          std::function<void()> on_synced);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  [[nodiscard]] bool synced() const { return unsynced_.load() == 0; }
  /// Why the first lists are not in yet; "" when they are.
  [[nodiscard]] std::string problem() const;

 private:
  void start(const kube::ResourceType& type, const std::string& namespace_name, bool by_label,
             std::function<void(const kube::Change&)> on_change);

  std::shared_ptr<kube::Client> client_;
  const Clock& clock_;
  Random& random_;
  CacheIndex& index_;
  ChangeHandlers handlers_;
  std::function<void()> on_synced_;
  std::atomic<int> unsynced_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
};

}  // namespace troupe::control
