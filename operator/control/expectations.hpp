// What a cluster's cache must show before the next round may act: everything that earlier rounds wrote. Without it an
// old cache makes pods twice and deletes the wrong ones.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "operator/control/object_cache.hpp"

namespace troupe::control {

/// After so long the API server is asked what became of a write, so that an object that somebody else removed before it
/// was ever seen cannot hold a cluster up.
inline constexpr Duration expectation_lifetime = std::chrono::seconds(30);

/// One write that the cache is to show.
struct Expectation {
  std::optional<OwnedKind> kind;  ///< Nothing for the cluster itself.
  std::string name;
  std::string uid;               ///< Empty when it is not known.
  std::string resource_version;  ///< Empty for a removal and when it is not known.
  Instant overdue_at;
};

/// Thread-safe.
class Expectations {
 public:
  /// The object was created or changed and has this version now.
  void expect_written(const std::string& cluster_key, OwnedKind kind, const kube::Object& written, Instant now);
  /// The object was deleted; with a grace period it may stay for a while, marked.
  void expect_removed(const std::string& cluster_key, OwnedKind kind, const std::string& name, const std::string& uid,
                      Instant now);
  /// The answer to a create was lost, and nobody could be asked what became of it.
  void expect_perhaps(const std::string& cluster_key, OwnedKind kind, const std::string& name, Instant now);
  /// The cluster's own status was written.
  void expect_status(const std::string& cluster_key, const kube::Object& written, Instant now);

  /// Drops what `cache` shows. How long until something is overdue; nothing when all that was written is seen. A change
  /// in the cache is the better moment to ask.
  std::optional<Duration> wait(const std::string& cluster_key, const ObjectCache& cache, Instant now);
  /// Takes out what is overdue: it is to be asked about, and put back if it stands.
  std::vector<Expectation> take_overdue(const std::string& cluster_key, Instant now);
  void put_back(const std::string& cluster_key, Expectation expectation, Instant now);
  void forget(const std::string& cluster_key);
  [[nodiscard]] std::size_t size() const;

 private:
  static bool met(const Expectation& expectation, const std::string& cluster_key, const ObjectCache& cache);

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Expectation>> pending_;
};

/// Whether `live`, the object as the API server has it (nothing: it has none), shows that what was expected happened
/// and the cache has only to catch up; else there is nothing to wait for.
[[nodiscard]] bool still_to_be_seen(const Expectation& expectation, const std::optional<kube::Object>& live);

/// Whether version `seen` is at least as new as `written`. Versions are decimal numbers that grow with every write
/// (a rule since Kubernetes 1.35, and how every API server over etcd has behaved before); others are only equal or not.
[[nodiscard]] bool at_least_as_new(const std::string& seen, const std::string& written);

}  // namespace troupe::control
