#include "operator/control/cache_index.hpp"

#include <algorithm>

#include "base/pod_contract.hpp"
#include "operator/resource/application.hpp"

namespace troupe::control {
namespace {

std::optional<kube::Object> find(const std::map<std::string, kube::Object>& objects, const std::string& key) {
  const auto it = objects.find(key);
  return it == objects.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace

std::string cluster_key_of(const kube::Object& object) {
  const std::string cluster = object.label(pod_contract::cluster_label);
  return cluster.empty() ? std::string() : object.namespace_name() + "/" + cluster;
}

std::string cluster_key_of_application(const kube::Object& application) {
  return application.namespace_name() + "/" + resource::cluster_of_application(application.json());
}

void CacheIndex::put_cluster(const kube::Object& object) {
  const std::lock_guard lock(mutex_);
  clusters_[object.key()] = object;
}

void CacheIndex::remove_cluster(const std::string& key) {
  const std::lock_guard lock(mutex_);
  clusters_.erase(key);
}

void CacheIndex::put_application(const kube::Object& object) {
  const std::lock_guard lock(mutex_);
  remove_application_locked(object.key());
  applications_[object.key()] = object;
  applications_of_[cluster_key_of_application(object)].insert(object.key());
}

void CacheIndex::remove_application(const std::string& key) {
  const std::lock_guard lock(mutex_);
  remove_application_locked(key);
}

void CacheIndex::remove_application_locked(const std::string& key) {
  const auto it = applications_.find(key);
  if (it == applications_.end()) {
    return;
  }
  const auto of = applications_of_.find(cluster_key_of_application(it->second));
  if (of != applications_of_.end() && of->second.erase(key) == 1 && of->second.empty()) {
    applications_of_.erase(of);
  }
  applications_.erase(it);
}

void CacheIndex::put_owned(OwnedKind kind, const kube::Object& object) {
  const std::string key = cluster_key_of(object);
  if (key.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  owned_[key][static_cast<std::size_t>(kind)][object.name()] = object;
}

void CacheIndex::remove_owned(OwnedKind kind, const kube::Object& object) {
  const std::lock_guard lock(mutex_);
  const auto it = owned_.find(cluster_key_of(object));
  if (it == owned_.end()) {
    return;
  }
  it->second[static_cast<std::size_t>(kind)].erase(object.name());
  const bool empty = std::all_of(it->second.begin(), it->second.end(), [](const ByName& all) { return all.empty(); });
  if (empty) {
    owned_.erase(it);
  }
}

std::optional<kube::Object> CacheIndex::cluster(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return find(clusters_, key);
}

std::optional<kube::Object> CacheIndex::application(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return find(applications_, key);
}

std::vector<kube::Object> CacheIndex::owned(OwnedKind kind, const std::string& cluster_key) const {
  const std::lock_guard lock(mutex_);
  std::vector<kube::Object> objects;
  if (const auto it = owned_.find(cluster_key); it != owned_.end()) {
    for (const auto& [name, object] : it->second[static_cast<std::size_t>(kind)]) {
      objects.push_back(object);
    }
  }
  return objects;
}

std::vector<std::string> CacheIndex::applications_of(const std::string& cluster_key) const {
  const std::lock_guard lock(mutex_);
  const auto it = applications_of_.find(cluster_key);
  return it == applications_of_.end() ? std::vector<std::string>()
                                      : std::vector<std::string>(it->second.begin(), it->second.end());
}

std::vector<kube::Object> CacheIndex::clusters() const {
  const std::lock_guard lock(mutex_);
  std::vector<kube::Object> objects;
  objects.reserve(clusters_.size());
  for (const auto& [key, object] : clusters_) {
    objects.push_back(object);
  }
  return objects;
}

}  // namespace troupe::control
