// What the status of a TroupeCluster says about a round: pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "operator/control/problem.hpp"
#include "operator/desired/plan.hpp"
#include "operator/resource/cluster.hpp"
#include "operator/resource/status.hpp"

namespace troupe::control {

struct ClusterReport {
  resource::ClusterStatus status;
  /// When the progress deadline passes, if nothing moves until then.
  std::optional<Duration> look_again_after;
};

/// `previous` is status as it stands in the object. Reasons of the conditions:
///  - Ready: AllReady, Hibernated | PodsNotReady, NotJoined, NameConflict;
///  - Progressing: RollingUpdate, Scaling | Complete, Paused, CanaryHeld, OnDelete, ProgressDeadlineExceeded,
///  NameConflict;
///  - Degraded: a Problem's or a PodTrouble's reason, ProgressDeadlineExceeded, NameConflict | AsExpected. The pods are
///    named.
[[nodiscard]] ClusterReport report_cluster(const resource::Cluster& cluster, const desired::Plan& plan,
                                           const std::vector<Problem>& problems, const nlohmann::json& previous,
                                           WallTime now);

/// For a spec that is not valid: counts and revisions stay as they are in `previous`; nothing was changed.
[[nodiscard]] resource::ClusterStatus report_invalid_cluster(std::int64_t generation,
                                                             const resource::FieldErrors& errors,
                                                             const nlohmann::json& previous);

}  // namespace troupe::control
