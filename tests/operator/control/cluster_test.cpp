#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/operator/control/harness.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class ClusterRounds : public testing::Test {
 protected:
  void apply(int replicas, const char* spec_patch = "{}") {
    json document = Harness::cluster_document(replicas);
    document["spec"].merge_patch(json::parse(spec_patch));
    if (harness.client->find(kube::troupe_clusters, "shop/counter")) {
      harness.client->edit(kube::troupe_clusters, "shop/counter",
                           [&](json& existing) { existing["spec"] = document["spec"]; });
    } else {
      harness.client->put(kube::troupe_clusters, document);
    }
  }
  std::string degraded_message() { return harness.condition("Degraded").value("message", ""); }

  Harness harness;
};

TEST_F(ClusterRounds, lead_to_what_was_asked_for_and_say_so) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  EXPECT_THAT(harness.pod_names(), ElementsAre("counter-0", "counter-1", "counter-2"));
  const json status = harness.status();
  EXPECT_EQ(status["observedGeneration"], 1);
  EXPECT_EQ(status["replicas"], 3);
  EXPECT_EQ(status["readyReplicas"], 3);
  EXPECT_EQ(status["joinedReplicas"], 3);
  EXPECT_EQ(status["selector"], "app.kubernetes.io/component=worker,troupe.dev/cluster=counter");
  EXPECT_EQ(status["currentRevision"], status["updateRevision"]);
  EXPECT_EQ(harness.condition("Ready")["status"], "True");
  EXPECT_EQ(harness.condition("Progressing")["reason"], "Complete");
  EXPECT_EQ(harness.condition("Degraded")["status"], "False");
  EXPECT_THAT(harness.events, Contains("SuccessfulCreate: Created pod counter-0 to have 3 workers"));
}

TEST_F(ClusterRounds, cost_few_requests) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  // Seven objects and three pods are made; the rest is status.
  EXPECT_EQ(harness.count_requests("create", "pods"), 3U);
  EXPECT_EQ(harness.count_requests("get", "pods"), 0U);
  EXPECT_LE(harness.client->requests.size(), 14U);
}

TEST_F(ClusterRounds, that_have_nothing_to_do_ask_nothing) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  const std::size_t before = harness.client->requests.size();
  for (int i = 0; i < 5; ++i) {
    harness.clusters.queue().add("shop/counter");
    ASSERT_TRUE(harness.settle());
  }
  EXPECT_EQ(harness.client->requests.size(), before);
}

TEST_F(ClusterRounds, never_act_on_a_cache_older_than_their_own_writes) {
  apply(3);
  harness.cache.catch_up();
  ASSERT_TRUE(harness.round());
  EXPECT_EQ(harness.count_requests("create", "pods"), 3U);
  const std::size_t before = harness.client->requests.size();
  harness.clusters.queue().add("shop/counter");
  ASSERT_TRUE(harness.round());
  EXPECT_EQ(harness.results.back(), RoundResult::waiting);
  EXPECT_EQ(harness.client->requests.size(), before);
}

TEST_F(ClusterRounds, go_on_after_30_seconds_when_a_write_is_never_seen) {
  apply(1);
  harness.cache.catch_up();
  ASSERT_TRUE(harness.round());
  // Somebody removes the pod, and a relist never shows that it was there.
  harness.client->erase(kube::pods, "shop/counter-0");
  std::erase_if(harness.client->log, [](const fake::LogEntry& entry) { return entry.plural == "pods"; });
  harness.cache.relist("secrets", 100);
  harness.cache.catch_up();
  while (harness.round()) {
  }
  EXPECT_EQ(harness.count_requests("create", "pods"), 1U);
  harness.clock.advance(31s);
  ASSERT_TRUE(harness.round());
  EXPECT_EQ(harness.count_requests("create", "pods"), 2U);
}

TEST_F(ClusterRounds, scale_down_by_deleting_with_preconditions) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  apply(1);
  ASSERT_TRUE(harness.settle());
  EXPECT_THAT(harness.pod_names(), ElementsAre("counter-0"));
  EXPECT_THAT(harness.events, Contains(HasSubstr("Deleted pod counter-2 to have 1 worker;")));
  EXPECT_EQ(harness.status()["replicas"], 1);
}

TEST_F(ClusterRounds, roll_to_a_new_image_without_losing_more_than_one) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  apply(3, R"({"image": "troupe-worker:0.2.0"})");
  int least = 3;
  harness.client->on_write = [&](const fake::Request&, const auto&, const auto&) {
    int ready = 0;
    for (const kube::Object& pod : harness.client->all(kube::pods)) {
      const json& status = status_of(pod);
      ready += !pod.being_deleted() && status.is_object() ? 1 : 0;
    }
    least = std::min(least, ready);
  };
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(least, 2);
  EXPECT_EQ(harness.condition("Progressing")["reason"], "Complete");
  for (const kube::Object& pod : harness.client->all(kube::pods)) {
    EXPECT_EQ(pod.json()["spec"]["containers"][0]["image"], "troupe-worker:0.2.0");
  }
}

TEST_F(ClusterRounds, hold_at_the_canary_and_go_on_when_told) {
  apply(3);
  ASSERT_TRUE(harness.settle());
  apply(3, R"({"image": "next", "rollout": {"rollingUpdate": {"canary": 1}}})");
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Progressing")["reason"], "CanaryHeld");
  EXPECT_NE(harness.status()["currentRevision"], harness.status()["updateRevision"]);
  apply(3, R"({"image": "next"})");
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Progressing")["reason"], "Complete");
}

TEST_F(ClusterRounds, refuse_an_invalid_spec_and_leave_everything_as_it_is) {
  apply(2);
  ASSERT_TRUE(harness.settle());
  apply(1, R"({"podTemplate": {"spec": {"hostNetwork": true}}})");
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.pod_names().size(), 2U);
  EXPECT_EQ(harness.condition("Ready")["reason"], "InvalidSpec");
  EXPECT_THAT(degraded_message(), HasSubstr("spec.podTemplate.spec.hostNetwork"));
  EXPECT_EQ(harness.status()["observedGeneration"], 2);
  EXPECT_THAT(harness.events, Contains(HasSubstr("InvalidSpec")));
}

TEST_F(ClusterRounds, never_take_over_an_object_of_somebody_else) {
  const json foreign = json::parse(
      R"({"kind": "Secret", "metadata": {"name": "counter-cookie", "namespace": "shop"}, "data": {"cookie": "eA=="}})");
  harness.client->put(kube::secrets, foreign);
  apply(2);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Degraded")["reason"], "NameConflict");
  EXPECT_THAT(degraded_message(), HasSubstr("Secret counter-cookie"));
  EXPECT_TRUE(harness.pod_names().empty());
  EXPECT_EQ(harness.client->find(kube::secrets, "shop/counter-cookie")->json()["data"], foreign["data"]);
  harness.client->erase(kube::secrets, "shop/counter-cookie");
  harness.clock.advance(2000s);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Ready")["status"], "True");
}

TEST_F(ClusterRounds, step_around_a_foreign_pod_that_the_cache_cannot_show) {
  harness.client->put(kube::pods, json::parse(R"({"kind": "Pod", "metadata": {"name": "counter-0", "namespace": "shop"},
                                                "spec": {"nodeName": "n"}, "status": {"phase": "Running"}})"));
  apply(2);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(harness.settle());
    harness.clock.advance(1s);
  }
  EXPECT_THAT(harness.pod_names(), ElementsAre("counter-0", "counter-1", "counter-2"));
  EXPECT_EQ(harness.status()["readyReplicas"], 2);
}

TEST_F(ClusterRounds, give_a_lost_label_back) {
  apply(1);
  ASSERT_TRUE(harness.settle());
  harness.client->edit(kube::services, "shop/counter",
                       [](json& service) { service["metadata"]["labels"].erase("troupe.dev/cluster"); });
  harness.cache.catch_up();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(harness.settle());
    harness.clock.advance(40s);
  }
  EXPECT_EQ(harness.client->find(kube::services, "shop/counter")->label("troupe.dev/cluster"), "counter");
}

TEST_F(ClusterRounds, name_a_quota_that_stands_in_the_way) {
  harness.client->refuse = [](const fake::Request& request) -> std::optional<kube::ApiError> {
    if (request.verb == "create" && request.plural == "pods" && request.name == "counter-1") {
      return kube::ApiError{403, "Forbidden", "pods \"counter-1\" is forbidden: exceeded quota: small", "", {}};
    }
    return std::nullopt;
  };
  apply(2);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Degraded")["reason"], "QuotaExceeded");
  EXPECT_THAT(degraded_message(), HasSubstr("counter-1"));
  EXPECT_EQ(harness.status()["readyReplicas"], 1);
  EXPECT_THAT(harness.events, Contains(HasSubstr("FailedCreate")));
  harness.client->refuse = nullptr;
  harness.clock.advance(2000s);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Degraded")["status"], "False");
  EXPECT_EQ(harness.condition("Ready")["status"], "True");
}

TEST_F(ClusterRounds, name_pods_that_cannot_run_at_once_and_the_deadline_when_it_passes) {
  apply(1, R"({"rollout": {"progressDeadlineSeconds": 60}})");
  harness.cache.catch_up();
  ASSERT_TRUE(harness.round());
  harness.client->edit(kube::pods, "shop/counter-0", [](json& pod) {
    pod["status"] = json::parse(R"({"phase": "Pending", "containerStatuses": [{"name": "worker",
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]})");
  });
  ASSERT_TRUE(harness.settle(false));
  EXPECT_EQ(harness.condition("Degraded")["reason"], "ImagePullFailed");
  EXPECT_THAT(degraded_message(), HasSubstr("counter-0: container worker: ImagePullBackOff: no such image"));
  EXPECT_EQ(harness.condition("Progressing")["status"], "True");
  harness.clock.advance(61s);
  ASSERT_TRUE(harness.settle(false));
  EXPECT_EQ(harness.condition("Progressing")["reason"], "ProgressDeadlineExceeded");
}

TEST_F(ClusterRounds, replace_an_evicted_pod_with_a_delay) {
  apply(1);
  ASSERT_TRUE(harness.settle());
  harness.client->edit(kube::pods, "shop/counter-0", [](json& pod) {
    pod["status"] = json::parse(R"({"phase": "Failed", "reason": "Evicted", "message": "low on memory"})");
  });
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Degraded")["reason"], "PodFailed");
  EXPECT_THAT(harness.pod_names(), ElementsAre("counter-0"));
  harness.clock.advance(11s);
  ASSERT_TRUE(harness.settle());
  EXPECT_THAT(harness.pod_names(), ElementsAre("counter-1"));
  EXPECT_EQ(harness.client->find(kube::pods, "shop/counter-1")->annotation("troupe.dev/failures"), "1");
}

TEST_F(ClusterRounds, hibernate_and_wake_up_with_the_same_cookie) {
  apply(2);
  ASSERT_TRUE(harness.settle());
  const json cookie = harness.client->find(kube::secrets, "shop/counter-cookie")->json();
  apply(0);
  ASSERT_TRUE(harness.settle());
  EXPECT_TRUE(harness.pod_names().empty());
  EXPECT_EQ(harness.condition("Ready")["reason"], "Hibernated");
  apply(2);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.condition("Ready")["status"], "True");
  EXPECT_EQ(harness.client->find(kube::secrets, "shop/counter-cookie")->json(), cookie);
}

TEST_F(ClusterRounds, forget_a_cluster_that_is_gone) {
  apply(1);
  ASSERT_TRUE(harness.settle());
  harness.client->erase(kube::troupe_clusters, "shop/counter");
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.cluster_reconciler.expectations().size(), 0U);
  harness.clusters.queue().add("shop/counter");
  const std::size_t before = harness.client->requests.size();
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.client->requests.size(), before);
}

}  // namespace
}  // namespace troupe::control
