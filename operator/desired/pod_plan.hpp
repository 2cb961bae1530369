// Which pods come and which go. A pure function of what is wanted and what exists; applied again and again to what the
// last round led to, it ends where nothing is left to do.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "operator/desired/observed_pod.hpp"
#include "operator/resource/cluster.hpp"

namespace troupe::desired {

struct PodCreation {
  int ordinal = 0;
  std::string revision;
  int failures = 0;
  std::string why;  ///< For the Event: "to have 3 workers".
};

struct PodRemoval {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::string why;
};

struct PodPlan {
  std::vector<PodCreation> create;
  std::vector<PodRemoval> remove;
  /// Time alone makes something due (a replacement that is held back): look again then.
  std::optional<Duration> look_again_after;
};

struct PodRules {
  int replicas = 0;
  resource::Rollout rollout;
  std::string current_revision;  ///< That all pods had when the last rollout was complete.
  std::string update_revision;   ///< That the spec asks for now.
  /// Ordinals whose names are held by objects that are not in `pods`.
  std::set<int> taken_ordinals;
};

/// - Pods that are being deleted count for nothing but their names; a stuck one blocks nobody.
/// - A missing worker is made anew under the lowest ordinal whose name is free. One that replaces a pod that ended
/// within
///   `short_life` of its creation waits 10 s, doubled each time in a row up to 5 minutes, as the kubelet does for
///   containers.
/// - Too many: the ones that are not ready go first, then the highest ordinal.
/// - A new revision goes pod by pod: never fewer than replicas - maxUnavailable ready ones by our doing, never more
/// than
///   replicas + maxSurge at once; pods that are not ready are replaced first and cost no budget. `canary` > 0 stops
///   there; `paused` stops here, and pods made meanwhile have the current revision. OnDelete replaces none.
[[nodiscard]] PodPlan plan_pods(const PodRules& rules, const std::vector<ObservedPod>& pods, WallTime now);

/// What a rollout still has to do.
struct RolloutState {
  int active = 0;
  int ready = 0;
  int updated = 0;  ///< Active pods of the update revision.
  int updated_ready = 0;
  int target = 0;         ///< How many are to have the update revision before the rollout stops.
  bool complete = false;  ///< All replicas are there, ready, and of the update revision, and nothing else is.
  /// It stopped where `canary` says.
  bool at_canary = false;
};
[[nodiscard]] RolloutState rollout_state(const PodRules& rules, const std::vector<ObservedPod>& pods);

inline constexpr Duration short_life = std::chrono::minutes(10);
inline constexpr Duration replacement_delay_min = std::chrono::seconds(10);
inline constexpr Duration replacement_delay_max = std::chrono::minutes(5);

}  // namespace troupe::desired
