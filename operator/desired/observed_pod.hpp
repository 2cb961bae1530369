// What the operator reads in a pod.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "operator/desired/owner.hpp"

namespace troupe::desired {

/// Decimal; on a pod that replaces one that ended soon: how many have ended so in a row.
inline constexpr std::string_view failures_annotation = "troupe.dev/failures";

/// Why a pod does not run: one of a few words that conditions are called after, and the cluster's own words.
struct PodTrouble {
  std::string reason;  ///< ImagePullFailed, Unschedulable, CrashLoop, ContainerCannotStart, PodFailed.
  std::string message;
};

struct ObservedPod {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::optional<int> ordinal;
  std::string revision;
  bool owned = false;          ///< Its controller is our cluster, by UID.
  bool being_deleted = false;  ///< Graceful deletion has begun; it will not come back.
  bool ended = false;          ///< Phase Succeeded or Failed: it never runs again (evicted, refused by its node).
  bool ready = false;
  bool joined = false;
  WallTime created;
  WallTime ready_since;  ///< When its Ready condition last changed; `created` when that is unknown.
  WallTime ended_at;     ///< When it ended; `created` when that is unknown.
  int failures = 0;
  std::optional<PodTrouble> trouble;

  /// Counts as a worker: ours, running or about to.
  [[nodiscard]] bool active() const { return owned && !being_deleted && !ended; }
};

/// Malformed fields count as absent: a pod is the outside world.
[[nodiscard]] ObservedPod observe_pod(const Owner& owner, const nlohmann::json& document);

}  // namespace troupe::desired
