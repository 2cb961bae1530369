// plan(desired, observed) -> actions: everything that one reconcile of a TroupeCluster does, decided before any of it
// is done. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/desired/observed_pod.hpp"
#include "operator/desired/pod_plan.hpp"
#include "operator/resource/cluster.hpp"

namespace troupe::desired {

/// The kinds of object that a cluster owns, in the order in which they are made: a pod must find what it refers to.
enum class OwnedKind {
  service_account,
  role,
  role_binding,
  secret,
  service,
  controller_revision,
  pod_disruption_budget,
  pod,
};
inline constexpr std::size_t owned_kinds = 8;
/// "ServiceAccount", "Pod", ...
[[nodiscard]] std::string_view to_string(OwnedKind kind);

enum class Verb { create, patch, remove };
[[nodiscard]] std::string_view to_string(Verb verb);

struct Action {
  Verb verb = Verb::create;
  OwnedKind kind = OwnedKind::pod;
  std::string name;
  resource::Document body;       ///< Of a create or a merge patch (which carries uid and resourceVersion); else null.
  std::string uid;               ///< Of a removal: precondition.
  std::string resource_version;  ///< Of a removal: precondition.
  std::string why;               ///< Of a pod: for its Event. Empty for the rest.
};

/// An object that has our name and is somebody else's. It is never taken over.
struct NameConflict {
  OwnedKind kind = OwnedKind::pod;
  std::string name;
};

/// What exists, by kind: the objects with the cluster's label. The documents must outlive the plan's making.
struct Observed {
  std::vector<const nlohmann::json*> of[owned_kinds];
  /// Ordinals whose pod names are known to be held by objects that `of` does not show.
  std::set<int> taken_ordinals;

  [[nodiscard]] const std::vector<const nlohmann::json*>& at(OwnedKind kind) const {
    return of[static_cast<std::size_t>(kind)];
  }
};

struct Desired {
  resource::Cluster cluster;
  std::string current_revision;    ///< status.currentRevision, "" when there is none yet.
  std::string policy_api_version;  ///< "policy/v1" or "policy/v1beta1".
  std::string fresh_cookie;        ///< Used when the cookie Secret has to be made.
  WallTime now;
};

struct Plan {
  std::vector<Action> actions;
  std::vector<NameConflict> conflicts;
  std::vector<ObservedPod> pods;  ///< As observed, for the status.
  PodRules rules;                 ///< What the pods were planned by.
  RolloutState rollout;
  std::string current_revision;  ///< What status.currentRevision is to be.
  std::string update_revision;
  std::optional<Duration> look_again_after;
};

[[nodiscard]] Plan plan(const Desired& desired, const Observed& observed);

/// The merge patch that makes `observed` hold all that `wanted` says, with uid and resourceVersion in it; null when it
/// does already. What `wanted` does not mention (the server's defaults, other people's labels) is left alone.
[[nodiscard]] resource::Document patch_towards(const nlohmann::json& observed, const nlohmann::json& wanted);

}  // namespace troupe::desired
