#include "kube/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "kube/discovery.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/scripted_server.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// Gives "t1", and after each `invalidate` the next.
class CountedToken final : public TokenSource {
 public:
  Result<std::string> token() override { return "t" + std::to_string(number); }
  void invalidate() override { ++number; }
  std::atomic<int> number{1};
};

TEST(Client, gets_an_object_as_json) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.json(pod_json("a-0", "7")); });
  const auto client = client_of(server.url(), {.user_agent = "troupe-operator/0.1"});
  const auto pod = client->get(pods, "shop", "a-0");
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->key(), "shop/a-0");
  const SeenRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/api/v1/namespaces/shop/pods/a-0");
  EXPECT_EQ(request.headers.at("user-agent"), "troupe-operator/0.1");
  EXPECT_EQ(request.headers.at("accept"), "application/json");
  EXPECT_FALSE(request.headers.contains("authorization"));
}

TEST(Client, items_of_a_list_say_what_they_are) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    return peer.json(R"({"kind":"PodList","metadata":{"resourceVersion":"9","continue":"tok"},
        "items":[{"metadata":{"name":"a","managedFields":[{}]}}]})");
  });
  const auto page = client_of(server.url())->list(pods, {.namespace_name = "shop", .label_selector = "x=y"});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->resource_version, "9");
  EXPECT_EQ(page->continue_token, "tok");
  EXPECT_EQ(page->items.at(0).json(), Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})"));
  EXPECT_EQ(server.requests().at(0).target, "/api/v1/namespaces/shop/pods?labelSelector=x%3Dy&limit=500");
}

TEST(Client, takes_null_for_an_empty_list_and_refuses_other_shapes) {
  std::string body = R"({"metadata":{"resourceVersion":"1"},"items":null})";
  ScriptedServer server([&](const SeenRequest&, Peer& peer) { return peer.json(body); });
  const auto client = client_of(server.url());
  EXPECT_TRUE(client->list(pods, {}).ok());
  for (const char* wrong :
       {"[]", "{}", R"({"items":[]})", R"({"metadata":{},"items":{}})", R"({"metadata":{},"items":[7]})", "not json"}) {
    body = wrong;
    const auto page = client->list(pods, {});
    ASSERT_FALSE(page.ok()) << wrong;
    EXPECT_EQ(page.error().status, 0);
    EXPECT_THAT(page.error().message, HasSubstr("GET /api/v1/pods: the answer"));
  }
}

TEST(Client, writes_with_the_right_method_type_and_query) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.json(pod_json("a", "1")); });
  const auto client = client_of(server.url());
  const Json document = {{"a", 1}};
  ASSERT_TRUE(client->create_object(pods, "shop", document).ok());
  ASSERT_TRUE(client->replace(pods, "shop", "a", document, {.subresource = "status"}).ok());
  ASSERT_TRUE(client->patch(pods, "shop", "a", PatchType::merge, document, {.dry_run = true}).ok());
  ASSERT_TRUE(client->patch(pods, "shop", "a", PatchType::json, Json::array()).ok());
  ASSERT_TRUE(client->patch(pods, "shop", "a", PatchType::apply, document, {.force = true}).ok());
  ASSERT_TRUE(client->post_subresource(pods, "shop", "a", "eviction", document).ok());
  ASSERT_TRUE(client
                  ->remove(pods, "shop", "a",
                           {.uid = "u",
                            .resource_version = "3",
                            .grace_period_seconds = 0,
                            .propagation = Propagation::foreground,
                            .dry_run = true})
                  .ok());
  std::vector<std::string> seen;
  for (const SeenRequest& request : server.requests()) {
    seen.push_back(request.method + " " + request.target + " " + request.headers.at("content-type"));
  }
  const std::string base = "/api/v1/namespaces/shop/pods";
  EXPECT_THAT(seen, testing::ElementsAre(
                        "POST " + base + "?fieldManager=troupe application/json",
                        "PUT " + base + "/a/status?fieldManager=troupe application/json",
                        "PATCH " + base + "/a?fieldManager=troupe&dryRun=All application/merge-patch+json",
                        "PATCH " + base + "/a?fieldManager=troupe application/json-patch+json",
                        "PATCH " + base + "/a?fieldManager=troupe&force=true application/apply-patch+yaml",
                        "POST " + base + "/a/eviction application/json", "DELETE " + base + "/a application/json"));
  EXPECT_EQ(Json::parse(server.requests().back().body),
            Json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground",
                "preconditions":{"uid":"u","resourceVersion":"3"},"gracePeriodSeconds":0,"dryRun":["All"]})"));
}

TEST(Client, errors_carry_the_servers_status) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    return request.method == "POST"  ? peer.refuse(409, "AlreadyExists", "pods a exists")
           : request.method == "PUT" ? peer.refuse(409, "Conflict", "modified")
                                     : peer.refuse(404, "NotFound", "no such pod");
  });
  const auto client = client_of(server.url());
  const auto created = client->create_object(pods, "shop", Json::object());
  EXPECT_TRUE(created.error().already_exists());
  EXPECT_FALSE(created.error().conflict());
  EXPECT_TRUE(client->replace(pods, "shop", "a", Json::object()).error().conflict());
  const auto found = client->get(pods, "shop", "a");
  EXPECT_TRUE(found.error().not_found());
  EXPECT_EQ(found.error().message, "GET /api/v1/namespaces/shop/pods/a: no such pod");
}

TEST(Client, sends_a_token_with_each_request_and_a_fresh_one_once_after_401) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    return request.headers.at("authorization") == "Bearer t2" ? peer.json(pod_json("a", "1"))
                                                              : peer.refuse(401, "Unauthorized", "who?");
  });
  const auto token = std::make_shared<CountedToken>();
  const auto client = client_of(server.url(), {}, token);
  EXPECT_TRUE(client->create_object(pods, "shop", Json{{"a", 1}}).ok());
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].body, R"({"a":1})");
  token->number = 5;
  const auto refused = client->get(pods, "shop", "a");
  EXPECT_TRUE(refused.error().unauthorized());
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(Client, a_get_waits_as_told_by_retry_after) {
  std::atomic<int> refusals{2};
  ScriptedServer server([&](const SeenRequest&, Peer& peer) {
    return refusals-- > 0 ? peer.refuse(429, "TooManyRequests", "slow down", {{"Retry-After", "0"}})
                          : peer.json(pod_json("a", "1"));
  });
  EXPECT_TRUE(client_of(server.url())->get(pods, "shop", "a").ok());
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Client, a_get_is_not_repeated_forever) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    return peer.refuse(503, "ServiceUnavailable", "down", {{"Retry-After", "0"}});
  });
  const auto answer = client_of(server.url())->get(pods, "shop", "a");
  EXPECT_EQ(answer.error().status, 503);
  EXPECT_EQ(server.requests().size(), 11U);
}

TEST(Client, throttling_without_retry_after_or_of_a_write_is_the_callers_business) {
  bool with_header = false;
  ScriptedServer server([&](const SeenRequest&, Peer& peer) {
    return peer.refuse(429, "TooManyRequests", "slow",
                       with_header ? Peer::Headers{{"Retry-After", "1"}} : Peer::Headers{});
  });
  const auto client = client_of(server.url());
  EXPECT_TRUE(client->get(pods, "shop", "a").error().retriable());
  EXPECT_EQ(server.requests().size(), 1U);
  with_header = true;
  const auto written = client->create_object(pods, "shop", Json::object());
  EXPECT_EQ(written.error().retry_after, seconds(1));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Client, does_not_wait_longer_than_a_request_may_last) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    return peer.refuse(503, "ServiceUnavailable", "down", {{"Retry-After", "60"}});
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(client_of(server.url(), {.request_timeout = milliseconds(500)})->get(pods, "", "a").error().status, 503);
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
}

TEST(Client, a_lost_answer_is_an_error_that_may_be_tried_again) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
  });
  const auto answer = client_of(server.url())->create_object(pods, "shop", Json::object());
  EXPECT_EQ(answer.error().status, 0);
  EXPECT_TRUE(answer.error().retriable());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Client, serves_many_threads_at_once) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    return peer.json(pod_json(request.path().substr(request.path().rfind('/') + 1), "1"));
  });
  const auto client = client_of(server.url());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 25; ++j) {
        const std::string name = "pod-" + std::to_string(i) + "-" + std::to_string(j);
        const auto pod = client->get(pods, "shop", name);
        right += pod.ok() && pod->name() == name ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(right, 200);
}

TEST(Client, stop_frees_a_caller_that_waits_for_a_retry) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    return peer.refuse(503, "ServiceUnavailable", "down", {{"Retry-After", "20"}});
  });
  const auto client = client_of(server.url());
  const auto before = std::chrono::steady_clock::now();
  std::thread asker([&] { EXPECT_FALSE(client->get(pods, "shop", "a").ok()); });
  ASSERT_TRUE(eventually([&] { return !server.requests().empty(); }));
  client->stop();
  asker.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
}

TEST(Discovery, takes_the_first_version_that_is_served) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    if (request.target == "/apis/policy/v1") {
      return peer.json(R"({"kind":"APIResourceList","resources":[{"name":"other"}]})");
    }
    if (request.target == "/apis/policy/v1beta1") {
      return peer.json(
          R"({"resources":[7,{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget","namespaced":true}]})");
    }
    return peer.refuse(404, "NotFound", "none");
  });
  const auto client = client_of(server.url());
  const auto type = served_type(*client, "policy", "poddisruptionbudgets", {"v2", "v1", "v1beta1"});
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(*type, (ResourceType{"policy", "v1beta1", "poddisruptionbudgets", "PodDisruptionBudget", true}));
  const auto none = served_type(*client, "policy", "unknown", {"v1", "v1beta1"});
  EXPECT_TRUE(none.error().not_found());
  EXPECT_THAT(none.error().message, HasSubstr("unknown of group 'policy'"));
}

TEST(Discovery, an_error_is_not_taken_for_absence) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.refuse(403, "Forbidden", "no"); });
  EXPECT_TRUE(served_type(*client_of(server.url()), "", "pods", {"v1"}).error().forbidden());
}

}  // namespace
}  // namespace troupe::kube
