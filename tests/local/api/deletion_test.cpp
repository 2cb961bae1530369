#include "local/api/deletion.hpp"

#include <gtest/gtest.h>

#include "tests/local/api/test_objects.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

DeleteParameters with(Propagation propagation) {
  DeleteParameters parameters;
  parameters.propagation = propagation;
  return parameters;
}

DeleteParameters with_grace(std::int64_t seconds) {
  DeleteParameters parameters;
  parameters.grace_period_seconds = seconds;
  return parameters;
}

TEST(Deletion, a_pod_without_a_node_goes_at_once) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::pods, pod("p")).ok());
  const auto gone = api.remove(Storage::pods, "p");
  ASSERT_TRUE(gone.ok());
  EXPECT_TRUE(gone->gone);
  EXPECT_FALSE(api.exists(Storage::pods, "p"));
}

TEST(Deletion, a_pod_on_a_node_waits_for_grace_zero) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::pods, pod("p", "n")).ok());
  ASSERT_TRUE(api.remove(Storage::pods, "p").ok());
  EXPECT_EQ(api.get(Storage::pods, "p")["metadata"]["deletionGracePeriodSeconds"], 30);
  EXPECT_EQ(api.get(Storage::pods, "p")["metadata"]["deletionTimestamp"], "2027-01-15T08:00:30Z");
  ASSERT_TRUE(api.remove(Storage::pods, "p", with_grace(0)).ok());
  EXPECT_FALSE(api.exists(Storage::pods, "p"));
}

TEST(Deletion, grace_may_be_shortened_and_never_lengthened) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::pods, pod("p", "n")).ok());
  for (auto [asked, now] : {std::pair{20, 20}, {60, 20}, {5, 5}}) {
    ASSERT_TRUE(api.remove(Storage::pods, "p", with_grace(asked)).ok());
    EXPECT_EQ(api.get(Storage::pods, "p")["metadata"]["deletionGracePeriodSeconds"], now);
  }
}

TEST(Deletion, finalizers_hold_an_object_until_the_last_is_gone) {
  TestApi api;
  json body = cluster("c");
  body["metadata"]["finalizers"] = {"troupe.dev/a"};
  ASSERT_TRUE(api.create(Storage::troupe_clusters, body).ok());
  ASSERT_TRUE(api.remove(Storage::troupe_clusters, "c").ok());
  const json waiting = api.get(Storage::troupe_clusters, "c");
  EXPECT_EQ(waiting["metadata"]["generation"], 2);
  ASSERT_TRUE(api.remove(Storage::troupe_clusters, "c").ok());
  EXPECT_EQ(api.get(Storage::troupe_clusters, "c"), waiting);
  const auto added =
      api.merge(Storage::troupe_clusters, "c", {{"metadata", {{"finalizers", {"troupe.dev/a", "troupe.dev/b"}}}}});
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, 422);
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"metadata", {{"finalizers", nullptr}}}}).ok());
  EXPECT_FALSE(api.exists(Storage::troupe_clusters, "c"));
}

TEST(Deletion, preconditions_must_hold) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::config_maps, named("a")).ok());
  DeleteParameters other;
  other.uid = "another";
  ASSERT_FALSE(api.remove(Storage::config_maps, "a", other).ok());
  EXPECT_TRUE(api.exists(Storage::config_maps, "a"));
  other.uid = api.get(Storage::config_maps, "a")["metadata"]["uid"];
  EXPECT_TRUE(api.remove(Storage::config_maps, "a", other).ok());
}

TEST(GarbageCollection, background_takes_dependents_of_dependents) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::config_maps, named("a")).ok());
  ASSERT_TRUE(api.create(Storage::config_maps, owned_by(named("b"), api.get(Storage::config_maps, "a"))).ok());
  ASSERT_TRUE(api.create(Storage::config_maps, owned_by(named("c"), api.get(Storage::config_maps, "b"))).ok());
  ASSERT_TRUE(api.remove(Storage::config_maps, "a").ok());
  EXPECT_FALSE(api.exists(Storage::config_maps, "b"));
  EXPECT_FALSE(api.exists(Storage::config_maps, "c"));
}

TEST(GarbageCollection, one_owner_that_stays_is_enough) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::config_maps, named("a")).ok());
  ASSERT_TRUE(api.create(Storage::secrets, named("b")).ok());
  json child = owned_by(named("c"), api.get(Storage::config_maps, "a"));
  child["metadata"]["ownerReferences"][0]["controller"] = false;
  ASSERT_TRUE(api.create(Storage::config_maps, owned_by(child, api.get(Storage::secrets, "b"))).ok());
  ASSERT_TRUE(api.remove(Storage::config_maps, "a").ok());
  EXPECT_EQ(api.get(Storage::config_maps, "c")["metadata"]["ownerReferences"].size(), 1U);
}

TEST(GarbageCollection, an_object_whose_owner_never_was_goes) {
  TestApi api;
  json ghost = named("ghost");
  ghost["apiVersion"] = "v1";
  ghost["kind"] = "ConfigMap";
  ghost["metadata"]["uid"] = "never";
  ASSERT_TRUE(api.create(Storage::config_maps, owned_by(named("c"), ghost)).ok());
  EXPECT_FALSE(api.exists(Storage::config_maps, "c"));
}

TEST(GarbageCollection, orphans_lose_the_reference_and_stay) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::config_maps, named("a")).ok());
  ASSERT_TRUE(api.create(Storage::config_maps, owned_by(named("b"), api.get(Storage::config_maps, "a"))).ok());
  ASSERT_TRUE(api.remove(Storage::config_maps, "a", with(Propagation::orphan)).ok());
  EXPECT_FALSE(api.exists(Storage::config_maps, "a"));
  EXPECT_FALSE(api.get(Storage::config_maps, "b")["metadata"].contains("ownerReferences"));
}

TEST(GarbageCollection, foreground_waits_for_dependents_that_block) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::troupe_clusters, cluster("c")).ok());
  ASSERT_TRUE(api.create(Storage::pods, owned_by(pod("p", "n"), api.get(Storage::troupe_clusters, "c"), true)).ok());
  ASSERT_TRUE(api.remove(Storage::troupe_clusters, "c", with(Propagation::foreground)).ok());
  EXPECT_TRUE(api.exists(Storage::troupe_clusters, "c"));
  EXPECT_TRUE(api.get(Storage::pods, "p")["metadata"].contains("deletionTimestamp"));
  ASSERT_TRUE(api.remove(Storage::pods, "p", with_grace(0)).ok());
  EXPECT_FALSE(api.exists(Storage::troupe_clusters, "c"));
}

TEST(Namespaces, are_emptied_before_they_go) {
  TestApi api;
  ensure_namespace(api.context, "team");
  WriteTarget target = api.target(Storage::pods);
  target.namespace_name = "team";
  json document = pod("p", "n");
  ASSERT_TRUE(create_object(api.context, target, document).ok());
  ASSERT_TRUE(api.remove(Storage::namespaces, "team").ok());
  EXPECT_EQ(api.get(Storage::namespaces, "team")["status"]["phase"], "Terminating");
  EXPECT_FALSE(api.store.get({Storage::config_maps, "team", "kube-root-ca.crt"}));
  const auto late = create_object(api.context, target, pod("q"));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().causes.at(0).reason, "NamespaceTerminating");
  ASSERT_TRUE(delete_object(api.context, entry_of(Storage::pods), {Storage::pods, "team", "p"}, with_grace(0)).ok());
  EXPECT_FALSE(api.exists(Storage::namespaces, "team"));
}

TEST(Namespaces, the_default_one_stays) {
  TestApi api;
  const auto refused = api.remove(Storage::namespaces, "default");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "Forbidden");
}

}  // namespace
}  // namespace troupe::local
