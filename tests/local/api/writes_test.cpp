#include "local/api/writes.hpp"

#include <gtest/gtest.h>

#include "tests/local/api/test_objects.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

TEST(Writes, a_created_object_gets_what_the_server_gives) {
  TestApi api;
  const auto made = api.create(Storage::troupe_clusters, cluster("c"));
  ASSERT_TRUE(made.ok()) << made.error().message;
  const json& document = *made->object.document;
  EXPECT_EQ(document["metadata"]["generation"], 1);
  EXPECT_EQ(document["metadata"]["uid"].get<std::string>().size(), 36U);
  EXPECT_EQ(document["metadata"]["creationTimestamp"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(document["spec"]["replicas"], 1);
  EXPECT_EQ(document["spec"]["distribution"]["visibility"], "Hidden");
}

TEST(Writes, generated_names_differ) {
  TestApi api;
  const json body{{"metadata", {{"generateName", "job-"}}}};
  const auto one = api.create(Storage::config_maps, body);
  const auto two = api.create(Storage::config_maps, body);
  ASSERT_TRUE(one.ok() && two.ok());
  const std::string name = (*one->object.document)["metadata"]["name"];
  EXPECT_EQ(name.size(), 9U);
  EXPECT_NE(name, (*two->object.document)["metadata"]["name"]);
}

TEST(Writes, a_write_that_changes_nothing_leaves_the_revision) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::troupe_clusters, cluster("c")).ok());
  const std::uint64_t before = api.store.revision();
  const auto same = api.merge(Storage::troupe_clusters, "c", {{"spec", {{"replicas", 1}}}});
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(api.store.revision(), before);
}

TEST(Writes, generation_counts_changes_of_the_spec_alone) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::troupe_clusters, cluster("c")).ok());
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"metadata", {{"labels", {{"a", "b"}}}}}}).ok());
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"status", {{"replicas", 1}}}}, "status").ok());
  EXPECT_EQ(api.get(Storage::troupe_clusters, "c")["metadata"]["generation"], 1);
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"spec", {{"replicas", 2}}}}).ok());
  EXPECT_EQ(api.get(Storage::troupe_clusters, "c")["metadata"]["generation"], 2);
}

TEST(Writes, spec_and_status_do_not_reach_each_other) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::troupe_clusters, cluster("c")).ok());
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"status", {{"replicas", 7}}}}).ok());
  EXPECT_FALSE(api.get(Storage::troupe_clusters, "c").contains("status"));
  ASSERT_TRUE(
      api.merge(Storage::troupe_clusters, "c", {{"spec", {{"replicas", 9}}}, {"status", {{"replicas", 2}}}}, "status")
          .ok());
  const json now = api.get(Storage::troupe_clusters, "c");
  EXPECT_EQ(now["spec"]["replicas"], 1);
  EXPECT_EQ(now["status"]["replicas"], 2);
}

TEST(Writes, a_stale_resource_version_conflicts_and_a_custom_resource_needs_one) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::troupe_clusters, cluster("c")).ok());
  json old = api.get(Storage::troupe_clusters, "c");
  ASSERT_TRUE(api.merge(Storage::troupe_clusters, "c", {{"spec", {{"replicas", 2}}}}).ok());
  const auto stale = replace_object(api.context, api.target(Storage::troupe_clusters, "c"), old);
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.error().reason, "Conflict");
  old["metadata"].erase("resourceVersion");
  const auto without = replace_object(api.context, api.target(Storage::troupe_clusters, "c"), old);
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, 422);
}

TEST(Writes, an_absent_lease_is_created_by_an_update_and_nothing_else_is) {
  TestApi api;
  json lease = named("l");
  lease["spec"] = {{"holderIdentity", "me"}};
  const auto made = replace_object(api.context, api.target(Storage::leases, "l"), lease);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(made->created);
  const auto absent = replace_object(api.context, api.target(Storage::config_maps, "x"), named("x"));
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, 404);
}

TEST(Writes, a_dry_run_answers_as_if_and_stores_nothing) {
  TestApi api;
  WriteTarget target = api.target(Storage::config_maps);
  target.parameters.dry_run = true;
  const std::uint64_t before = api.store.revision();
  const auto answered = create_object(api.context, target, named("dry"));
  ASSERT_TRUE(answered.ok());
  EXPECT_FALSE((*answered->object.document)["metadata"].contains("resourceVersion"));
  EXPECT_FALSE(api.exists(Storage::config_maps, "dry"));
  EXPECT_EQ(api.store.revision(), before);
}

TEST(Writes, unknown_fields_are_pruned_and_told_or_refused) {
  TestApi api;
  json body = cluster("c");
  body["spec"]["nonsense"] = 1;
  body["kind"] = "TroupeCluster";
  WriteTarget strict = api.target(Storage::troupe_clusters);
  strict.parameters.validation = WriteParameters::Validation::strict;
  const auto refused = create_object(api.context, strict, body);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("unknown field \"spec.nonsense\""), std::string::npos);
  const auto warned = api.create(Storage::troupe_clusters, body);
  ASSERT_TRUE(warned.ok());
  EXPECT_EQ(warned->warnings.at(0), "unknown field \"spec.nonsense\"");
  EXPECT_NE(warned->warnings.at(1).find("CEL"), std::string::npos);
}

TEST(Writes, a_definition_that_is_not_built_in_is_refused_by_name) {
  TestApi api;
  const auto refused = api.create(Storage::custom_resource_definitions, named("things.example.com"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, 403);
  EXPECT_NE(refused.error().message.find("things.example.com"), std::string::npos);
}

TEST(Writes, a_pods_spec_stays_but_for_its_image) {
  TestApi api;
  ASSERT_TRUE(api.create(Storage::pods, pod("p")).ok());
  json document = api.get(Storage::pods, "p");
  document["spec"]["containers"][0]["image"] = "worker:2";
  EXPECT_TRUE(replace_object(api.context, api.target(Storage::pods, "p"), document).ok());
  document = api.get(Storage::pods, "p");
  document["spec"]["containers"][0]["args"] = {"x"};
  const auto refused = replace_object(api.context, api.target(Storage::pods, "p"), document);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().causes.at(0).field, "spec");
}

TEST(Writes, a_pod_without_its_service_account_is_forbidden) {
  TestApi api;
  json document = pod("p");
  document["spec"]["serviceAccountName"] = "absent";
  const auto refused = api.create(Storage::pods, document);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "Forbidden");
}

TEST(Writes, an_object_cannot_grow_past_what_etcd_takes) {
  TestApi api;
  const std::string filler(1024 * 1024, 'x');
  ASSERT_TRUE(api.create(Storage::leases, named("l")).ok());
  ASSERT_TRUE(api.merge(Storage::leases, "l", {{"spec", {{"a", filler}}}}).ok());
  const auto refused = api.merge(Storage::leases, "l", {{"spec", {{"b", filler}}}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, 413);
  EXPECT_FALSE(api.get(Storage::leases, "l")["spec"].contains("b"));
}

TEST(Writes, the_oldest_events_make_room) {
  TestApi api;
  for (int i = 0; i < 5'001; ++i) {
    ASSERT_TRUE(api.create(Storage::events, named("e" + std::to_string(i))).ok());
  }
  EXPECT_FALSE(api.exists(Storage::events, "e0"));
  EXPECT_TRUE(api.exists(Storage::events, "e5000"));
  EXPECT_LE(api.store.list(Storage::events, "").objects.size(), 5'000U);
}

}  // namespace
}  // namespace troupe::local
