#include "operator/resource/cluster.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/resource/field_reader.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

json minimal() {
  return json::parse(R"({
    "apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster",
    "metadata": {"name": "counter", "namespace": "shop", "uid": "u1", "resourceVersion": "7", "generation": 3},
    "spec": {"image": "troupe-worker:0.1.0", "distribution": {"tls": {"mode": "Disabled"}}}})");
}

TEST(Cluster, a_minimal_one_gets_the_documented_defaults) {
  const auto parsed = parse_cluster(minimal());
  ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
  const Cluster& cluster = *parsed;
  EXPECT_EQ(cluster.metadata.key(), "shop/counter");
  EXPECT_EQ(cluster.metadata.generation, 3);
  EXPECT_EQ(cluster.replicas, 1);
  EXPECT_EQ(cluster.intent.visibility, Visibility::hidden);
  EXPECT_FALSE(cluster.intent.cookie_secret);
  EXPECT_EQ(cluster.intent.drain_timeout_seconds, 60);
  EXPECT_EQ(cluster.rollout.type, RolloutType::rolling_update);
  EXPECT_EQ(cluster.rollout.max_unavailable, 1);
  EXPECT_EQ(cluster.rollout.max_surge, 0);
  EXPECT_EQ(cluster.rollout.canary, 0);
  EXPECT_FALSE(cluster.rollout.paused);
  EXPECT_EQ(cluster.rollout.progress_deadline_seconds, 600);
}

TEST(Cluster, every_field_is_read) {
  json document = minimal();
  document["spec"].merge_patch(json::parse(R"({
    "replicas": 5, "resources": {"limits": {"cpu": "2", "memory": "256Mi"}},
    "distribution": {"visibility": "Published", "cookieSecretRef": {"name": "our.cookie"}},
    "rollout": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 2, "canary": 1}, "paused": true,
                "progressDeadlineSeconds": 30},
    "drain": {"timeoutSeconds": 5}, "podTemplate": {"metadata": {"labels": {"team": "a"}}}})"));
  const auto parsed = parse_cluster(document);
  ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
  EXPECT_EQ(parsed->replicas, 5);
  EXPECT_EQ(parsed->intent.resources->at("limits").at("cpu"), "2");
  EXPECT_EQ(parsed->intent.visibility, Visibility::published);
  EXPECT_EQ(parsed->intent.cookie_secret, "our.cookie");
  EXPECT_EQ(parsed->intent.drain_timeout_seconds, 5);
  EXPECT_EQ(parsed->rollout.max_unavailable, 0);
  EXPECT_EQ(parsed->rollout.max_surge, 2);
  EXPECT_EQ(parsed->rollout.canary, 1);
  EXPECT_TRUE(parsed->rollout.paused);
  EXPECT_EQ(parsed->rollout.progress_deadline_seconds, 30);
}

struct ClusterRefusal {
  const char* patch;
  const char* field;
  const char* reason;
};

class ClusterRefuses : public testing::TestWithParam<ClusterRefusal> {};

TEST_P(ClusterRefuses, and_names_the_field) {
  json document = minimal();
  document.merge_patch(json::parse(GetParam().patch));
  const auto parsed = parse_cluster(document);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().front().field, GetParam().field);
  EXPECT_NE(parsed.error().front().reason.find(GetParam().reason), std::string::npos) << to_string(parsed.error());
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ClusterRefuses,
    testing::Values(
        ClusterRefusal{R"({"metadata": {"name": "Counter"}})", "metadata.name", "DNS-1035"},
        ClusterRefusal{R"({"metadata": {"name": "1st"}})", "metadata.name", "DNS-1035"},
        ClusterRefusal{R"({"metadata": {"name": "a-"}})", "metadata.name", "DNS-1035"},
        ClusterRefusal{R"({"metadata": {"name": "a234567890b234567890c234567890d234567890e"}})", "metadata.name",
                       "at most 40"},
        ClusterRefusal{R"({"spec": "x"})", "spec", "must be an object"},
        ClusterRefusal{R"({"spec": {"image": null}})", "spec.image", "is required"},
        ClusterRefusal{R"({"spec": {"image": ""}})", "spec.image", "is required"},
        ClusterRefusal{R"({"spec": {"image": "a b"}})", "spec.image", "white space"},
        ClusterRefusal{R"({"spec": {"replicas": -1}})", "spec.replicas", "at least 0"},
        ClusterRefusal{R"({"spec": {"replicas": 501}})", "spec.replicas", "at most 500"},
        ClusterRefusal{R"({"spec": {"replicas": 18446744073709551615}})", "spec.replicas", "at most 500"},
        ClusterRefusal{R"({"spec": {"replicas": "3"}})", "spec.replicas", "must be an integer"},
        ClusterRefusal{R"({"spec": {"resources": {"limits": {"cpu": "two"}}}})", "spec.resources.limits.cpu",
                       "quantity"},
        ClusterRefusal{R"({"spec": {"distribution": null}})", "spec.distribution", "is required"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": null}}})", "spec.distribution.tls", "is required"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": {"mode": null}}}})", "spec.distribution.tls.mode",
                       "is required"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": {"mode": "On"}}}})", "spec.distribution.tls.mode",
                       "one of"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": {"mode": "Managed"}}}})", "spec.distribution.tls.mode",
                       "not supported"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": {"mode": "Secret"}}}})", "spec.distribution.tls.secretRef",
                       "is required"},
        ClusterRefusal{R"({"spec": {"distribution": {"tls": {"secretRef": {"name": "x"}}}}})",
                       "spec.distribution.tls.secretRef", "only be set"},
        ClusterRefusal{R"({"spec": {"distribution": {"visibility": "Secret"}}})", "spec.distribution.visibility",
                       "one of"},
        ClusterRefusal{R"({"spec": {"distribution": {"cookieSecretRef": {}}}})",
                       "spec.distribution.cookieSecretRef.name", "is required"},
        ClusterRefusal{R"({"spec": {"distribution": {"cookieSecretRef": {"name": "A_B"}}}})",
                       "spec.distribution.cookieSecretRef.name", "name of a Secret"},
        ClusterRefusal{R"({"spec": {"rollout": {"type": "Recreate"}}})", "spec.rollout.type", "one of"},
        ClusterRefusal{R"({"spec": {"rollout": {"type": "OnDelete", "rollingUpdate": {"maxSurge": 1}}}})",
                       "spec.rollout.rollingUpdate", "refused unless"},
        ClusterRefusal{R"({"spec": {"rollout": {"rollingUpdate": {"maxUnavailable": 0}}}})",
                       "spec.rollout.rollingUpdate.maxUnavailable", "must not be 0"},
        ClusterRefusal{R"({"spec": {"rollout": {"rollingUpdate": {"canary": -1}}}})",
                       "spec.rollout.rollingUpdate.canary", "at least 0"},
        ClusterRefusal{R"({"spec": {"rollout": {"paused": "yes"}}})", "spec.rollout.paused", "true or false"},
        ClusterRefusal{R"({"spec": {"rollout": {"progressDeadlineSeconds": 0}}})",
                       "spec.rollout.progressDeadlineSeconds", "at least 1"},
        ClusterRefusal{R"({"spec": {"drain": {"timeoutSeconds": 3601}}})", "spec.drain.timeoutSeconds", "at most 3600"},
        ClusterRefusal{R"({"spec": {"podTemplate": []}})", "spec.podTemplate", "must be an object"}));

TEST(Cluster, all_mistakes_are_named_at_once_and_bounded) {
  json document = minimal();
  document["spec"]["image"] = "";
  document["spec"]["replicas"] = -1;
  const auto two = parse_cluster(document);
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(to_string(two.error()), "spec.replicas: must be at least 0; spec.image: is required");
  for (int i = 0; i < 100; ++i) {
    document["spec"]["podTemplate"]["metadata"]["labels"]["troupe.dev/" + std::to_string(i)] = "x";
  }
  EXPECT_EQ(parse_cluster(document).error().size(), field_errors_max);
}

TEST(Cluster, anything_but_an_object_is_an_error_and_no_crash) {
  for (const char* text : {"null", "[]", "3", R"("x")", "{}", R"({"metadata": [], "spec": {}})"}) {
    EXPECT_FALSE(parse_cluster(json::parse(text)).ok()) << text;
  }
}

TEST(Intent, is_the_same_whether_defaults_are_written_or_not) {
  json written = minimal();
  written["spec"].merge_patch(json::parse(R"({
    "replicas": 9, "resources": {}, "drain": {"timeoutSeconds": 60}, "rollout": {"paused": true},
    "podTemplate": {"metadata": {}, "spec": {}}, "distribution": {"visibility": "Hidden"}})"));
  EXPECT_EQ(intent_document(parse_cluster(minimal())->intent), intent_document(parse_cluster(written)->intent));
}

TEST(Intent, differs_when_the_user_asks_for_something_else) {
  const json base = intent_document(parse_cluster(minimal())->intent);
  for (const char* patch :
       {R"({"image": "other"})", R"({"drain": {"timeoutSeconds": 61}})", R"({"resources": {"limits": {"cpu": 1}}})",
        R"({"distribution": {"visibility": "Published"}})",
        R"({"podTemplate": {"spec": {"nodeSelector": {"a": "b"}}}})",
        R"({"podTemplate": {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}})"}) {
    json document = minimal();
    document["spec"].merge_patch(json::parse(patch));
    const auto parsed = parse_cluster(document);
    ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
    EXPECT_NE(intent_document(parsed->intent), base) << patch;
  }
}

TEST(Intent, survives_being_written_and_read) {
  json document = minimal();
  document["spec"].merge_patch(json::parse(R"({
    "drain": {"timeoutSeconds": 7}, "resources": {"requests": {"cpu": "100m"}},
    "distribution": {"visibility": "Published", "cookieSecretRef": {"name": "c"}},
    "podTemplate": {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}})"));
  const json written = intent_document(parse_cluster(document)->intent);
  const auto read = parse_intent(written);
  ASSERT_TRUE(read.ok()) << to_string(read.error());
  EXPECT_EQ(intent_document(*read), written);
}

TEST(Names, subdomains_are_told_from_others) {
  for (const char* good : {"a", "a.b", "a-b.c1", "0a"}) {
    EXPECT_TRUE(is_subdomain(good)) << good;
  }
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a-.b", "a.-b", "A", "a_b"}) {
    EXPECT_FALSE(is_subdomain(bad)) << bad;
  }
}

}  // namespace
}  // namespace troupe::resource
