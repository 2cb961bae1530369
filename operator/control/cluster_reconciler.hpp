// One reconcile of a TroupeCluster: read the cache, decide (desired/plan.hpp), act, say what was found in status.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"
#include "operator/control/actor.hpp"
#include "operator/control/expectations.hpp"
#include "operator/control/object_cache.hpp"
#include "operator/control/outcome.hpp"
#include "operator/control/problem.hpp"
#include "operator/resource/field_error.hpp"
#include "operator/resource/status.hpp"

namespace troupe::control {

/// Thread-safe for different keys.
class ClusterReconciler {
 public:
  /// `types` as for the Actor. All references must outlive the reconciler.
  ClusterReconciler(std::shared_ptr<kube::Client> client, OwnedTypes types, const ObjectCache& cache,
                    const Clock& clock, Random& random, EventSink events);

  /// Does nothing while the cache is older than what earlier rounds wrote. Blocks for as long as its requests take.
  Outcome reconcile(const std::string& key, std::uint64_t reconcile_id);
  [[nodiscard]] const Expectations& expectations() const { return expectations_; }

 private:
  Outcome reconcile_valid(const kube::Object& object, const resource::Cluster& cluster, std::uint64_t reconcile_id);
  /// How long to wait for the cache, if it does not show yet what was written.
  std::optional<Duration> wait_for_cache(const kube::Object& cluster);
  bool stands(const kube::Object& cluster, const Expectation& expectation);
  Outcome reject(const kube::Object& object, const resource::FieldErrors& errors);
  desired::Plan make_plan(const kube::Object& object, const resource::Cluster& cluster);
  /// Writes status if it differs. True: it is, or was already, as it should be.
  bool write_status(const kube::Object& object, const resource::ClusterStatus& status, Outcome& outcome);
  void forget(const std::string& key);

  std::shared_ptr<kube::Client> client_;
  OwnedTypes types_;
  const ObjectCache& cache_;
  const Clock& clock_;
  Random& random_;
  EventSink events_;
  Expectations expectations_;
  Actor actor_;
};

/// The merge patch of `object`'s status subresource that leads to `wanted`, with uid and resourceVersion; null when
/// there is nothing to write.
[[nodiscard]] nlohmann::json status_patch(const kube::Object& object, const nlohmann::json& wanted);
/// Its status as it stands; null when it has none.
[[nodiscard]] const nlohmann::json& status_of(const kube::Object& object);

}  // namespace troupe::control
