// One reconcile of a TroupeApplication: the operator writes its status alone; workers read the spec themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "kube/client.hpp"
#include "operator/control/actor.hpp"
#include "operator/control/object_cache.hpp"
#include "operator/control/outcome.hpp"
#include "operator/resource/status.hpp"

namespace troupe::control {

/// Thread-safe for different keys.
class ApplicationReconciler {
 public:
  /// References must outlive the reconciler.
  ApplicationReconciler(std::shared_ptr<kube::Client> client, const ObjectCache& cache, const Clock& clock,
                        EventSink events);
  Outcome reconcile(const std::string& key, std::uint64_t reconcile_id);

 private:
  resource::ApplicationStatus report(const kube::Object& object) const;
  void tell_changes(const kube::Object& object, const resource::ApplicationStatus& status) const;

  std::shared_ptr<kube::Client> client_;
  const ObjectCache& cache_;
  const Clock& clock_;
  EventSink events_;
};

}  // namespace troupe::control
