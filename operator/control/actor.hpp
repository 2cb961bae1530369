// Does what a plan says, one action after the other, and remembers what was written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "kube/client.hpp"
#include "kube/event_recorder.hpp"
#include "operator/control/cached_kind.hpp"
#include "operator/control/expectations.hpp"
#include "operator/control/problem.hpp"
#include "operator/desired/plan.hpp"

namespace troupe::control {

/// kube::EventRecorder::record, or a test's.
using EventSink = std::function<void(const kube::Object& about, kube::EventType type, std::string_view reason,
                                     std::string_view message)>;

struct ActOutcome {
  int done = 0;  ///< Actions that changed something.
  std::vector<Problem> problems;
  /// The world was not as the cache had shown it: look again soon.
  bool stale = false;
};

/// Thread-safe; one cluster is acted for by one thread at a time.
class Actor {
 public:
  Actor(std::shared_ptr<kube::Client> client, OwnedTypes types, Expectations& expectations, const Clock& clock,
        EventSink events);

  /// Stops at the first action that fails, except at a pod whose name is somebody else's. Never writes over what is
  /// not the cluster's own. No write is repeated: after a lost answer the next round finds what became of it.
  ActOutcome act(const kube::Object& cluster, const desired::Owner& owner, const std::vector<desired::Action>& actions);

  /// Ordinals whose pod names were found taken by objects that the cache does not show; each for a minute.
  std::set<int> taken_ordinals(const std::string& cluster_key);
  void forget(const std::string& cluster_key);

 private:
  struct Round;
  bool create(Round& round, const desired::Action& action);
  bool create_over(Round& round, const desired::Action& action);
  bool patch(Round& round, const desired::Action& action);
  bool remove(Round& round, const desired::Action& action);
  void tell(const Round& round, kube::EventType type, std::string_view reason, const std::string& message);
  const kube::ResourceType& type_of(OwnedKind kind) const { return types_[static_cast<std::size_t>(kind)]; }

  std::shared_ptr<kube::Client> client_;
  OwnedTypes types_;
  Expectations& expectations_;
  const Clock& clock_;
  EventSink events_;
  std::mutex mutex_;
  std::map<std::string, std::map<int, Instant>> taken_;
};

}  // namespace troupe::control
