// The server as a client sees it: over TLS, with this project's own client.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "kube/client.hpp"
#include "kube/resource_types.hpp"
#include "local/api/api_server.hpp"
#include "platform/os_random.hpp"
#include "tests/platform/loop_thread.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = ApiServer::start({}, loop_.loop, platform::os_random());
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(*started);
    client_ = client_with(server_->kubeconfig());
  }
  void TearDown() override {
    client_.reset();
    server_.reset();
  }

  static std::shared_ptr<kube::Client> client_with(const std::string& kubeconfig) {
    auto config = kube::parse_kubeconfig(kubeconfig, "/");
    EXPECT_TRUE(config.ok());
    auto client = kube::Client::create(std::move(*config));
    EXPECT_TRUE(client.ok());
    return *client;
  }
  static json config_map(const std::string& name) {
    return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", {{"a", "1"}}}};
  }

  platform::LoopThread loop_;
  std::unique_ptr<ApiServer> server_;
  std::shared_ptr<kube::Client> client_;
};

TEST_F(ServerTest, an_object_is_created_read_patched_listed_and_deleted) {
  const auto made = client_->create_object(kube::config_maps, "default", config_map("a"));
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto patched =
      client_->patch(kube::config_maps, "default", "a", kube::PatchType::merge,
                     {{"metadata", {{"resourceVersion", made->resource_version()}}}, {"data", {{"b", "2"}}}});
  ASSERT_TRUE(patched.ok()) << patched.error().message;
  EXPECT_EQ(patched->json()["data"], (json{{"a", "1"}, {"b", "2"}}));
  kube::ListOptions options;
  options.namespace_name = "default";
  options.field_selector = "metadata.name=a";
  const auto listed = client_->list(kube::config_maps, options);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->items.size(), 1U);
  ASSERT_TRUE(client_->remove(kube::config_maps, "default", "a").ok());
  const auto gone = client_->get(kube::config_maps, "default", "a");
  ASSERT_FALSE(gone.ok());
  EXPECT_TRUE(gone.error().not_found());
}

TEST_F(ServerTest, a_wrong_token_is_unauthorized) {
  std::string config = server_->kubeconfig();
  config.replace(config.find("token: ") + 7, 4, "xxxx");
  const auto refused = client_with(config)->get(kube::namespaces, "", "default");
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().unauthorized());
}

TEST_F(ServerTest, a_watch_delivers_changes_in_order_and_ends_at_its_time) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> seen;
  bool ended = false;
  kube::ListOptions everything;
  everything.namespace_name = "default";
  const auto listed = client_->list(kube::config_maps, everything);
  ASSERT_TRUE(listed.ok());
  kube::WatchOptions options;
  options.namespace_name = "default";
  options.resource_version = listed->resource_version;
  options.timeout = std::chrono::seconds(1);
  kube::WatchHandler handler;
  handler.on_event = [&](kube::WatchEvent event) {
    const std::lock_guard lock(mutex);
    if (event.type != kube::WatchEventType::bookmark) {
      seen.push_back(event.object.name() + event.object.resource_version());
      changed.notify_all();
    }
  };
  handler.on_end = [&](std::optional<kube::ApiError> error) {
    const std::lock_guard lock(mutex);
    EXPECT_FALSE(error.has_value());
    ended = true;
    changed.notify_all();
  };
  std::vector<std::string> expected;
  for (int i = 0; i < 3; ++i) {
    const auto made = client_->create_object(kube::config_maps, "default", config_map("w" + std::to_string(i)));
    ASSERT_TRUE(made.ok());
    expected.push_back(made->name() + made->resource_version());
  }
  const auto watch = client_->watch(kube::config_maps, options, std::move(handler));
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, platform::wait_max, [&] { return ended; }));
  EXPECT_EQ(seen, expected);
}

TEST_F(ServerTest, a_service_account_token_opens_the_door_until_the_account_goes) {
  const json request{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", json::object()}};
  const json account{{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", "worker"}}}};
  ASSERT_TRUE(client_->create_object(kube::service_accounts, "default", account).ok());
  const auto token = client_->post_subresource(kube::service_accounts, "default", "worker", "token", request);
  ASSERT_TRUE(token.ok()) << token.error().message;
  std::string config = server_->kubeconfig();
  const std::size_t at = config.find("token: ") + 7;
  config.replace(at, config.find('\n', at) - at, token->json()["status"]["token"].get<std::string>());
  const auto other = client_with(config);
  EXPECT_TRUE(other->get(kube::namespaces, "", "default").ok());
  ASSERT_TRUE(client_->remove(kube::service_accounts, "default", "worker").ok());
  const auto refused = other->get(kube::namespaces, "", "default");
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().unauthorized());
}

TEST_F(ServerTest, a_pod_is_bound_once) {
  const json pod{{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", {{"name", "p"}}},
                 {"spec", {{"containers", {{{"name", "main"}, {"image", "x:1"}}}}}}};
  ASSERT_TRUE(client_->create_object(kube::pods, "default", pod).ok());
  const json binding{{"apiVersion", "v1"},
                     {"kind", "Binding"},
                     {"metadata", {{"name", "p"}}},
                     {"target", {{"kind", "Node"}, {"name", "n"}}}};
  ASSERT_TRUE(client_->post_subresource(kube::pods, "default", "p", "binding", binding).ok());
  EXPECT_EQ(client_->get(kube::pods, "default", "p")->json()["spec"]["nodeName"], "n");
  const auto again = client_->post_subresource(kube::pods, "default", "p", "binding", binding);
  ASSERT_FALSE(again.ok());
  EXPECT_TRUE(again.error().conflict());
}

TEST_F(ServerTest, a_log_of_a_pod_whose_node_is_gone_is_an_error_and_no_hang) {
  json pod{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", "p"}}},
           {"spec", {{"nodeName", "n"}, {"containers", {{{"name", "main"}, {"image", "x:1"}}}}}}};
  ASSERT_TRUE(client_->create_object(kube::pods, "default", pod).ok());
  const auto absent = client_->get_raw("/api/v1/namespaces/default/pods/p/log");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().status, 404);
  const json node{{"apiVersion", "v1"},
                  {"kind", "Node"},
                  {"metadata", {{"name", "n"}}},
                  {"status",
                   {{"addresses", {{{"type", "InternalIP"}, {"address", "127.0.0.1"}}}},
                    {"daemonEndpoints", {{"kubeletEndpoint", {{"Port", 1}}}}}}}};
  ASSERT_TRUE(client_->create_object(kube::nodes, "", node).ok());
  const auto refused = client_->get_raw("/api/v1/namespaces/default/pods/p/log");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status, 503);
}

TEST_F(ServerTest, what_kubectl_fetches_first_is_there) {
  for (const char* path : {"/version", "/readyz", "/api", "/apis", "/api/v1", "/apis/troupe.dev/v1alpha1",
                           "/openapi/v3", "/openapi/v3/apis/troupe.dev/v1alpha1"}) {
    EXPECT_TRUE(client_->get_raw(path).ok()) << path;
  }
}

}  // namespace
}  // namespace troupe::local
