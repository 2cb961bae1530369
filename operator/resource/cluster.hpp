// TroupeCluster (crds/troupeclusters.yaml) as the operator works with it: parsed, defaulted, validated.
//
// This is the authority for what a valid TroupeCluster is: it repeats every rule of the CRD's schema and CEL, since old
// API servers ignore CEL and objects may be older than a rule.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "operator/resource/field_error.hpp"
#include "operator/resource/metadata.hpp"

namespace troupe::resource {

/// An immutable piece of JSON that a user wrote and that is passed on. Never null.
using Document = std::shared_ptr<const nlohmann::json>;

inline constexpr int replicas_max = 500;

enum class Visibility { hidden, published };
[[nodiscard]] std::string_view to_string(Visibility visibility);

/// What the pods are made from. A change of any of it is a new revision; everything else in the spec is not.
struct ClusterIntent {
  std::string image;
  Document resources;  ///< A container's `resources`; {} by default.
  Visibility visibility = Visibility::hidden;
  std::optional<std::string> cookie_secret;  ///< Absent: the operator makes `<cluster>-cookie`.
  std::int64_t drain_timeout_seconds = 60;
  Document pod_template;  ///< {} by default.
};

/// OnDelete leaves running pods alone; pods that are made anew get the new revision.
enum class RolloutType { rolling_update, on_delete };

struct Rollout {
  RolloutType type = RolloutType::rolling_update;
  int max_unavailable = 1;
  int max_surge = 0;
  /// More than 0: a new revision stops at so many pods until this is set back to 0.
  int canary = 0;
  bool paused = false;
  std::int64_t progress_deadline_seconds = 600;  ///< Deployment's default.
};

struct Cluster {
  Metadata metadata;
  int replicas = 1;
  ClusterIntent intent;
  Rollout rollout;
};

/// Errors name each field that is wrong. `document` is a whole TroupeCluster.
[[nodiscard]] Parsed<Cluster> parse_cluster(const nlohmann::json& document);

/// The intent part of a spec, as `intent_document` wrote it or as it stands in a TroupeCluster's spec.
[[nodiscard]] Parsed<ClusterIntent> parse_intent(const nlohmann::json& spec);

/// The intent as JSON without defaulted, null and empty values: equal for two specs that ask for the same, whichever
/// version of the CRD defaulted them.
[[nodiscard]] nlohmann::json intent_document(const ClusterIntent& intent);

}  // namespace troupe::resource
