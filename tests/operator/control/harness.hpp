// The operator without threads: a fake API server, a cache that lags as told, two controllers run by hand.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "kube/resource_types.hpp"
#include "operator/control/application_reconciler.hpp"
#include "operator/control/cluster_reconciler.hpp"
#include "operator/control/controller.hpp"
#include "tests/operator/fake_client/fake_client.hpp"
#include "tests/operator/fake_client/lagging_cache.hpp"

namespace troupe::control {

struct Harness {
  explicit Harness(std::uint64_t seed = 1) : random(seed) {}

  fake::ManualClock clock;
  SeededRandom random;
  std::shared_ptr<fake::FakeClient> client = std::make_shared<fake::FakeClient>(clock);
  OwnedTypes types = owned_types(pod_disruption_budgets("v1"));
  std::vector<std::string> events;
  EventSink sink = [this](const kube::Object&, kube::EventType, std::string_view reason, std::string_view message) {
    events.push_back(std::string(reason) + ": " + std::string(message));
  };
  fake::LaggingCache cache{*client,
                           types,
                           {[this](const std::string& key) { clusters.queue().add(key); },
                            [this](const std::string& key) { applications.queue().add(key); }}};
  ClusterReconciler cluster_reconciler{client, types, cache.index, clock, random, sink};
  ApplicationReconciler application_reconciler{client, cache.index, clock, sink};
  std::vector<RoundResult> results;
  Controller clusters{
      "cluster", clock,
      [this](const std::string& key, std::uint64_t id) { return cluster_reconciler.reconcile(key, id); },
      [this](RoundResult result, Duration) { results.push_back(result); }};
  Controller applications{
      "application", clock,
      [this](const std::string& key, std::uint64_t id) { return application_reconciler.reconcile(key, id); }, nullptr};

  static nlohmann::json cluster_document(int replicas) {
    nlohmann::json document = nlohmann::json::parse(R"({
      "apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster", "metadata": {"name": "counter", "namespace": "shop"},
      "spec": {"image": "troupe-worker:0.1.0", "distribution": {"tls": {"mode": "Disabled"}}}})");
    document["spec"]["replicas"] = replicas;
    return document;
  }

  /// One round of one key that is due. False: none is.
  bool round() {
    if (const auto key = clusters.queue().try_take()) {
      clusters.run(*key);
      return true;
    }
    if (const auto key = applications.queue().try_take()) {
      applications.run(*key);
      return true;
    }
    return false;
  }

  /// What scheduler and kubelet do to a pod: it runs, is ready and has joined.
  void make_ready(const std::string& key) {
    client->edit(kube::pods, key, [](nlohmann::json& pod) {
      pod["spec"]["nodeName"] = "node";
      pod["status"] = nlohmann::json::parse(R"({"phase": "Running", "conditions": [
          {"type": "Ready", "status": "True"}, {"type": "troupe.dev/Joined", "status": "True"}]})");
    });
  }
  void make_all_ready() {
    for (const kube::Object& pod : client->all(kube::pods)) {
      if (pod.being_deleted()) {
        client->erase(kube::pods, pod.key());
      } else if (pod.json().value("status", nlohmann::json()).is_null()) {
        make_ready(pod.key());
      }
    }
  }

  /// Rounds until nothing is due and the cache shows everything. False: it never came to that.
  bool settle(bool with_kubelet = true) {
    for (int i = 0; i < 500; ++i) {
      cache.catch_up();
      if (round()) {
        continue;
      }
      const std::size_t before = client->log.size();
      if (with_kubelet) {
        make_all_ready();
      }
      if (client->log.size() == before) {
        return true;
      }
    }
    return false;
  }

  nlohmann::json status() const {
    const kube::Object cluster = client->find(kube::troupe_clusters, "shop/counter").value();
    return status_of(cluster);
  }
  nlohmann::json condition(const std::string& type) const {
    const nlohmann::json conditions = status().value("conditions", nlohmann::json());
    const auto* found = resource::find_condition(conditions, type);
    return found == nullptr ? nlohmann::json::object() : *found;
  }
  std::vector<std::string> pod_names() const {
    std::vector<std::string> names;
    for (const kube::Object& pod : client->all(kube::pods)) {
      names.push_back(pod.name());
    }
    return names;
  }
  std::size_t count_requests(const std::string& verb, const std::string& plural) const {
    std::size_t count = 0;
    for (const fake::Request& request : client->requests) {
      count += request.verb == verb && request.plural == plural ? 1U : 0U;
    }
    return count;
  }
};

}  // namespace troupe::control
