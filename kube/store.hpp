// Inside of a Store: how lists and events change it. Used by the Reflector alone.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kube/reflector.hpp"

namespace troupe::kube {

using ObjectsByKey = std::map<std::string, Object, std::less<>>;

struct Store::State {
  mutable std::mutex mutex;
  ObjectsByKey objects;
  std::string resource_version;
  bool synced = false;

  /// The object to keep for `incoming`: the one that is here already when it is the same version of the same object, so
  /// that a relist does not hold everything twice.
  [[nodiscard]] Object same_or(Object incoming) const;
  /// Takes a complete list in one step; objects it does not name are reported as deleted.
  std::vector<Change> replace(ObjectsByKey incoming, const std::string& version);
  std::vector<Change> apply(WatchEventType type, Object object);
  void advance(const std::string& version);
};

}  // namespace troupe::kube
