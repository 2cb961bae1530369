// The client against a real API server: the kubeconfig named by TROUPE_TEST_KUBECONFIG (scripts/real-kubernetes up).
// Without the variable each test is reported as skipped. What it makes lies in a namespace of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "kube/discovery.hpp"
#include "kube/event_recorder.hpp"
#include "kube/lease.hpp"
#include "kube/lease_record.hpp"
#include "kube/reflector.hpp"
#include "platform/event_loop.hpp"
#include "platform/os_random.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RealServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* file = std::getenv("TROUPE_TEST_KUBECONFIG");
    if (file == nullptr) {
      GTEST_SKIP() << "TROUPE_TEST_KUBECONFIG is not set";
    }
    const auto config = find_config(file);
    ASSERT_TRUE(config.ok()) << config.error().message;
    auto made = Client::create(*config);
    ASSERT_TRUE(made.ok()) << made.error().message;
    client = *made;
    space = "kube-test-" + std::to_string(platform::os_random().below(1'000'000'000));
    const auto created =
        client->create_object(namespaces, "", Json{{"metadata", {{"name", space}}}, {"kind", "Namespace"}});
    ASSERT_TRUE(created.ok()) << created.error().message;
  }
  void TearDown() override {
    if (client != nullptr) {
      EXPECT_TRUE(client->remove(namespaces, "", space).ok());
    }
  }

  ApiResult<Object> make_map(const std::string& name, const std::string& value) {
    return client->create_object(config_maps, space,
                                 Json{{"apiVersion", "v1"},
                                      {"kind", "ConfigMap"},
                                      {"metadata", {{"name", name}, {"labels", {{"test", "kube"}}}}},
                                      {"data", {{"value", value}}}});
  }

  std::shared_ptr<Client> client;
  std::string space;
};

TEST_F(RealServerTest, writes_patches_and_deletes_with_preconditions) {
  const auto made = make_map("a", "1");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_FALSE(made->json()["metadata"].contains("managedFields"));
  EXPECT_TRUE(make_map("a", "1").error().already_exists());
  const Json patch = {{"metadata", {{"uid", made->uid()}, {"resourceVersion", made->resource_version()}}},
                      {"data", {{"value", "2"}}}};
  const auto patched = client->patch(config_maps, space, "a", PatchType::merge, patch);
  ASSERT_TRUE(patched.ok()) << patched.error().message;
  EXPECT_EQ(patched->json()["data"]["value"], "2");
  EXPECT_TRUE(client->patch(config_maps, space, "a", PatchType::merge, patch).error().conflict());
  const Json of_another = {{"metadata", {{"uid", "another"}, {"labels", {{"mine", "yes"}}}}}};
  EXPECT_TRUE(client->patch(config_maps, space, "a", PatchType::merge, of_another).error().conflict());
  EXPECT_TRUE(client->replace(config_maps, space, "a", made->json()).error().conflict());
  const auto applied = client->patch(
      config_maps, space, "b", PatchType::apply,
      Json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "b"}}}, {"data", {{"k", "v"}}}});
  EXPECT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_TRUE(client
                  ->patch(config_maps, space, "a", PatchType::json,
                          Json::parse(R"([{"op":"test","path":"/data/value","value":"2"},
                                            {"op":"replace","path":"/data/value","value":"3"}])"))
                  .ok());
  EXPECT_TRUE(client->remove(config_maps, space, "a", {.uid = "another"}).error().conflict());
  EXPECT_TRUE(client->remove(config_maps, space, "a", {.uid = made->uid(), .dry_run = true}).ok());
  EXPECT_TRUE(client->remove(config_maps, space, "a", {.uid = made->uid()}).ok());
  EXPECT_TRUE(client->get(config_maps, space, "a").error().not_found());
}

TEST_F(RealServerTest, refusals_carry_causes) {
  const auto made = client->create_object(config_maps, space, Json{{"metadata", {{"name", "Not Allowed"}}}});
  EXPECT_EQ(made.error().status, 422);
  EXPECT_EQ(made.error().reason, "Invalid");
  EXPECT_THAT(made.error().details_json, testing::HasSubstr("metadata.name"));
}

TEST_F(RealServerTest, a_reflector_pages_follows_and_relists) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(make_map("m" + std::to_string(i), "0").ok());
  }
  Reflector::Options options{.namespace_name = space, .label_selector = "test=kube", .page_size = 2};
  std::atomic<int> synced{0};
  const Reflector reflector(
      client, config_maps, options, platform::real_clock(), platform::os_random(), [](const Change&) {},
      [&] { ++synced; });
  ASSERT_TRUE(eventually([&] { return synced == 1; }));
  EXPECT_EQ(reflector.store().size(), 5U);
  ASSERT_TRUE(make_map("late", "0").ok());
  ASSERT_TRUE(client->remove(config_maps, space, "m0").ok());
  ASSERT_TRUE(eventually([&] {
    return reflector.store().get(space + "/late").has_value() && !reflector.store().get(space + "/m0").has_value();
  }));
  EXPECT_EQ(reflector.store().get(space + "/late")->kind(), "ConfigMap");
  EXPECT_EQ(reflector.last_error(), "");
}

TEST_F(RealServerTest, a_watch_of_a_short_time_ends_in_an_orderly_way) {
  std::mutex mutex;
  bool ended = false;
  std::optional<ApiError> error;
  int seen = 0;
  WatchHandler handler;
  handler.on_event = [&](const WatchEvent&) {
    const std::lock_guard lock(mutex);
    ++seen;
  };
  handler.on_end = [&](std::optional<ApiError> why) {
    const std::lock_guard lock(mutex);
    ended = true;
    error = std::move(why);
  };
  ASSERT_TRUE(make_map("a", "1").ok());
  WatchOptions options;
  options.namespace_name = space;
  options.timeout = seconds(1);
  const auto watch = client->watch(config_maps, options, handler);
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return ended;
  }));
  EXPECT_FALSE(error.has_value()) << error->message;
  EXPECT_GE(seen, 1);
}

TEST_F(RealServerTest, one_of_several_candidates_leads_and_hands_over) {
  const auto candidate = [&](const std::string& identity) {
    return std::make_unique<LeaderElector>(
        client,
        LeaderElector::Options{.namespace_name = space,
                               .name = "lock",
                               .identity = identity,
                               .lease_duration = seconds(6),
                               .renew_deadline = seconds(4),
                               .retry_period = milliseconds(200)},
        platform::real_clock(), platform::os_random(), [] {}, [] {});
  };
  std::vector<std::unique_ptr<LeaderElector>> all;
  for (const char* name : {"a", "b", "c"}) {
    all.push_back(candidate(name));
  }
  for (int left = 3; left > 0; --left) {
    const auto leading = [](const auto& one) { return one->leading(); };
    ASSERT_TRUE(eventually([&] { return std::count_if(all.begin(), all.end(), leading) == 1; }));
    all.erase(std::find_if(all.begin(), all.end(), leading));
  }
  const auto lease = client->get(leases, space, "lock");
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease_record(*lease).holder, "");
  EXPECT_EQ(lease_record(*lease).transitions, 2);
}

TEST_F(RealServerTest, events_are_accepted_and_counted) {
  const auto about = make_map("a", "1");
  ASSERT_TRUE(about.ok());
  EventRecorder recorder(client, "kube-test", platform::real_clock());
  for (int i = 0; i < 3; ++i) {
    recorder.record(*about, EventType::warning, "Tested", "by a test");
  }
  ASSERT_TRUE(eventually([&] {
    const auto found = client->list(events, {.namespace_name = space, .field_selector = "reason=Tested"});
    return found.ok() && found->items.size() == 1 && found->items[0].json()["count"] == 3;
  }));
  EXPECT_EQ(recorder.dropped(), 0U);
}

TEST_F(RealServerTest, discovery_finds_the_version_that_is_served) {
  const auto type = served_type(*client, "policy", "poddisruptionbudgets", {"v1", "v1beta1"});
  ASSERT_TRUE(type.ok()) << type.error().message;
  EXPECT_EQ(type->kind, "PodDisruptionBudget");
  EXPECT_TRUE(type->namespaced);
  EXPECT_TRUE(served_type(*client, "", "pods", {"v1"}).ok());
  EXPECT_TRUE(served_type(*client, "none.example", "nothing", {"v1"}).error().not_found());
}

}  // namespace
}  // namespace troupe::kube
