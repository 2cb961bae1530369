#include "operator/desired/observed_pod.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"
#include "tests/operator/desired/fixture.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;

using fixture::owner;

json built_pod() {
  json pod = build_pod(owner, fixture::cluster(fixture::cluster_document()).intent, {4, "rrrrrrrrrr", 2});
  pod["metadata"].update({{"uid", "pod-uid"}, {"resourceVersion", "9"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}});
  return pod;
}

TEST(ObservedPod, reads_back_what_the_operator_wrote) {
  const ObservedPod pod = observe_pod(owner, built_pod());
  EXPECT_EQ(pod.name, "counter-4");
  EXPECT_EQ(pod.uid, "pod-uid");
  EXPECT_EQ(pod.resource_version, "9");
  EXPECT_EQ(pod.ordinal, 4);
  EXPECT_EQ(pod.revision, "rrrrrrrrrr");
  EXPECT_EQ(pod.failures, 2);
  EXPECT_TRUE(pod.active());
  EXPECT_FALSE(pod.ready);
  EXPECT_FALSE(pod.trouble);
}

TEST(ObservedPod, of_a_cluster_of_the_same_name_but_another_uid_is_not_ours) {
  EXPECT_FALSE(observe_pod({"counter", "shop", "later"}, built_pod()).owned);
}

TEST(ObservedPod, is_joined_only_while_it_is_ready) {
  json pod = built_pod();
  pod["status"]["conditions"] = json::parse(R"([{"type": "troupe.dev/Joined", "status": "True"}])");
  EXPECT_FALSE(observe_pod(owner, pod).joined);
  pod["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  EXPECT_TRUE(observe_pod(owner, pod).joined);
}

struct Trouble {
  const char* status;
  const char* reason;
  const char* words;
};

class PodTroubles : public testing::TestWithParam<Trouble> {};

TEST_P(PodTroubles, are_named) {
  json pod = built_pod();
  pod["status"] = json::parse(GetParam().status);
  const ObservedPod observed = observe_pod(owner, pod);
  ASSERT_TRUE(observed.trouble);
  EXPECT_EQ(observed.trouble->reason, GetParam().reason);
  EXPECT_EQ(observed.trouble->message, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Kubelet, PodTroubles,
    testing::Values(Trouble{R"({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
                    "reason": "Unschedulable", "message": "0/3 nodes are available"}]})",
                            "Unschedulable", "0/3 nodes are available"},
                    Trouble{R"({"phase": "Pending", "containerStatuses": [{"name": "worker", "state": {"waiting":
                    {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}]})",
                            "ImagePullFailed", "container worker: ImagePullBackOff: Back-off pulling image"},
                    Trouble{R"({"phase": "Running", "containerStatuses": [{"name": "worker",
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 134, "reason": "Error"}}}]})",
                            "CrashLoop", "container worker: CrashLoopBackOff, last exit code 134 (Error)"},
                    Trouble{R"({"phase": "Pending", "initContainerStatuses": [{"name": "fetch", "state": {"waiting":
                    {"reason": "CreateContainerConfigError", "message": "secret not found"}}}]})",
                            "ContainerCannotStart", "container fetch: CreateContainerConfigError: secret not found"},
                    Trouble{R"({"phase": "Failed", "reason": "Evicted", "message": "low on memory"})", "PodFailed",
                            "Evicted: low on memory"}));

TEST(ObservedPod, ended_when_its_last_container_did) {
  json pod = built_pod();
  pod["status"] = json::parse(R"({"phase": "Failed", "containerStatuses": [
      {"state": {"terminated": {"finishedAt": "2026-01-01T00:00:30Z"}}},
      {"state": {"terminated": {"finishedAt": "2026-01-01T00:00:20Z"}}}]})");
  const ObservedPod observed = observe_pod(owner, pod);
  EXPECT_TRUE(observed.ended);
  EXPECT_EQ(observed.ended_at - observed.created, std::chrono::seconds(30));
}

TEST(ObservedPod, survives_anything_malformed) {
  for (const char* text : {"null", "[]", R"({"metadata": 3, "status": []})",
                           R"({"metadata": {"name": 1, "labels": [], "ownerReferences": {}}, "status": {"phase": {}}})",
                           R"({"metadata": {"name": "counter-99999999999", "ownerReferences": [1, null, {}],
                               "annotations": {"troupe.dev/failures": "-5"}},
                               "status": {"conditions": [3, {}], "containerStatuses": [1, {"state": 3}]}})"}) {
    const ObservedPod pod = observe_pod(owner, json::parse(text));
    EXPECT_FALSE(pod.active()) << text;
    EXPECT_EQ(pod.failures, 0) << text;
  }
}

TEST(Ordinals, are_read_from_well_formed_names_alone) {
  EXPECT_EQ(ordinal_of(owner, "counter-0"), 0);
  EXPECT_EQ(ordinal_of(owner, "counter-12"), 12);
  for (const char* name : {"counter", "counter-", "counter-01", "counter-x", "counter--1", "other-1", "counter-1x"}) {
    EXPECT_FALSE(ordinal_of(owner, name)) << name;
  }
}

}  // namespace
}  // namespace troupe::desired
