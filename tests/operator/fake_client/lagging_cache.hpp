// The operator's cache as watches of a FakeClient would fill it: each kind on its own, late, and now and then by a
// relist that shows where things have come to and not how.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/control/cache_index.hpp"
#include "operator/control/watches.hpp"
#include "tests/operator/fake_client/fake_client.hpp"

namespace troupe::control::fake {

class LaggingCache {
 public:
  LaggingCache(const FakeClient& client, const OwnedTypes& types, ChangeHandlers handlers);

  /// Kinds of which something has happened that the cache does not show.
  [[nodiscard]] std::vector<std::string> behind() const;
  /// Shows the next `events` changes of that kind, one by one.
  void deliver(const std::string& plural, std::size_t events);
  /// Shows the next `events` changes of that kind as a relist does: the last state of each object alone.
  void relist(const std::string& plural, std::size_t events);
  void catch_up();

  CacheIndex index;

 private:
  void apply(const LogEntry& entry);
  [[nodiscard]] std::vector<const LogEntry*> pending(const std::string& plural) const;

  const FakeClient& client_;
  OwnedTypes types_;
  ChangeHandlers handlers_;
  mutable std::map<std::string, std::size_t> shown_;  ///< By plural: how far into the log.
  std::map<std::string, std::map<std::string, kube::Object>> objects_;
};

}  // namespace troupe::control::fake
