// The objects that a cluster is made of, one builder each: what is POSTed, and what a patch leads back to.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "operator/desired/owner.hpp"
#include "operator/resource/cluster.hpp"

namespace troupe::desired {

struct PodSpec {
  int ordinal = 0;
  std::string revision;
  /// How many pods in a row ended soon before this one, for the next back-off; 0 for a fresh one.
  int failures = 0;
};

/// A worker pod: the contract of base/pod_contract.hpp with `intent.pod_template` merged over it.
[[nodiscard]] nlohmann::json build_pod(const Owner& owner, const resource::ClusterIntent& intent, const PodSpec& spec);

/// Headless, with not-ready addresses: workers are found before they are ready.
[[nodiscard]] nlohmann::json build_headless_service(const Owner& owner);

[[nodiscard]] nlohmann::json build_service_account(const Owner& owner);

/// What a worker may do: read pods and applications of its namespace, and write the conditions of the cluster's pods.
[[nodiscard]] nlohmann::json build_role(const Owner& owner, const std::vector<std::string>& pod_names);
[[nodiscard]] nlohmann::json build_role_binding(const Owner& owner);

/// 32 characters of [A-Z0-9]: 165 bits, and safe wherever Erlang's tools take a cookie.
[[nodiscard]] std::string random_cookie(Random& random);
[[nodiscard]] nlohmann::json build_cookie_secret(const Owner& owner, const std::string& cookie);

/// `api_version` is policy/v1 or policy/v1beta1, whichever the server has.
[[nodiscard]] nlohmann::json build_pod_disruption_budget(const Owner& owner, const std::string& api_version,
                                                         const resource::Rollout& rollout);

/// `number` orders revisions; `revision` is the hash of `intent`.
[[nodiscard]] nlohmann::json build_controller_revision(const Owner& owner, const std::string& revision,
                                                       const nlohmann::json& intent, std::int64_t number);

}  // namespace troupe::desired
