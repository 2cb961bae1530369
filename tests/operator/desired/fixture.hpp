// A cluster and pods to plan with.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/check.hpp"
#include "operator/desired/observed_pod.hpp"
#include "operator/desired/pod_plan.hpp"
#include "operator/resource/cluster.hpp"

namespace troupe::desired::fixture {

inline const WallTime noon{std::chrono::hours(500'000)};
inline const Owner owner{"counter", "shop", "cluster-uid"};

inline nlohmann::json cluster_document(int replicas = 3) {
  nlohmann::json document = nlohmann::json::parse(R"({
    "metadata": {"name": "counter", "namespace": "shop", "uid": "cluster-uid", "generation": 1},
    "spec": {"image": "troupe-worker:0.1.0", "distribution": {"tls": {"mode": "Disabled"}}}})");
  document["spec"]["replicas"] = replicas;
  return document;
}

inline resource::Cluster cluster(const nlohmann::json& document) {
  auto parsed = resource::parse_cluster(document);
  check(parsed.ok(), "the fixture's cluster is valid");
  return std::move(parsed).value();
}

/// A worker that has run for an hour.
inline ObservedPod pod(int ordinal, const std::string& revision = "new", bool ready = true) {
  ObservedPod pod;
  pod.name = "counter-" + std::to_string(ordinal);
  pod.uid = "uid-" + std::to_string(ordinal);
  pod.resource_version = "1";
  pod.ordinal = ordinal;
  pod.revision = revision;
  pod.owned = true;
  pod.ready = ready;
  pod.created = noon - std::chrono::hours(1);
  return pod;
}

inline ObservedPod ended_pod(int ordinal, Duration lived, Duration ended_ago, int failures = 0) {
  ObservedPod ended = pod(ordinal, "new", false);
  ended.ended = true;
  ended.failures = failures;
  ended.ended_at = noon - ended_ago;
  ended.created = ended.ended_at - lived;
  return ended;
}

inline PodRules rules(int replicas) {
  PodRules rules;
  rules.replicas = replicas;
  rules.current_revision = "old";
  rules.update_revision = "new";
  return rules;
}

}  // namespace troupe::desired::fixture
