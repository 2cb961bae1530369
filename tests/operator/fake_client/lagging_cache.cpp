#include "tests/operator/fake_client/lagging_cache.hpp"

#include <algorithm>

#include "kube/resource_types.hpp"

namespace troupe::control::fake {

LaggingCache::LaggingCache(const FakeClient& client, const OwnedTypes& types, ChangeHandlers handlers)
    : client_(client), types_(types), handlers_(std::move(handlers)) {
  for (const kube::ResourceType& type : types_) {
    shown_[type.plural] = 0;
  }
  shown_[kube::troupe_clusters.plural] = 0;
  shown_[kube::troupe_applications.plural] = 0;
}

std::vector<const LogEntry*> LaggingCache::pending(const std::string& plural) const {
  std::vector<const LogEntry*> entries;
  for (std::size_t i = shown_.at(plural); i < client_.log.size(); ++i) {
    if (client_.log[i].plural == plural) {
      entries.push_back(&client_.log[i]);
    }
  }
  if (entries.empty()) {
    shown_[plural] = client_.log.size();  // So that the same entries of other kinds are not searched again.
  }
  return entries;
}

std::vector<std::string> LaggingCache::behind() const {
  std::vector<std::string> plurals;
  for (const auto& [plural, position] : shown_) {
    if (!pending(plural).empty()) {
      plurals.push_back(plural);
    }
  }
  return plurals;
}

void LaggingCache::deliver(const std::string& plural, std::size_t events) {
  const auto entries = pending(plural);
  for (std::size_t i = 0; i < std::min(events, entries.size()); ++i) {
    shown_[plural] = static_cast<std::size_t>(entries[i] - client_.log.data()) + 1;
    apply(LogEntry(*entries[i]));
  }
}

void LaggingCache::relist(const std::string& plural, std::size_t events) {
  const auto entries = pending(plural);
  std::map<std::string, LogEntry> last;
  for (std::size_t i = 0; i < std::min(events, entries.size()); ++i) {
    shown_[plural] = static_cast<std::size_t>(entries[i] - client_.log.data()) + 1;
    last.insert_or_assign(entries[i]->object.key(), *entries[i]);
  }
  for (const auto& [key, entry] : last) {
    apply(entry);
  }
}

void LaggingCache::catch_up() {
  for (const std::string& plural : behind()) {
    deliver(plural, client_.log.size());
  }
}

void LaggingCache::apply(const LogEntry& entry) {
  auto& objects = objects_[entry.plural];
  const std::string key = entry.object.key();
  kube::Change change;
  if (const auto it = objects.find(key); it != objects.end()) {
    change.before = it->second;
  }
  if (entry.deleted) {
    objects.erase(key);
    if (!change.before) {
      return;
    }
  } else {
    change.after = entry.object;
    objects.insert_or_assign(key, entry.object);
  }
  if (entry.plural == kube::troupe_clusters.plural) {
    apply_cluster_change(index, change, handlers_);
  } else if (entry.plural == kube::troupe_applications.plural) {
    apply_application_change(index, change, handlers_);
  } else {
    for (std::size_t kind = 0; kind < types_.size(); ++kind) {
      if (types_[kind].plural == entry.plural) {
        apply_owned_change(index, static_cast<OwnedKind>(kind), change, handlers_);
      }
    }
  }
}

}  // namespace troupe::control::fake
