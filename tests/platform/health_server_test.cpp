#include "platform/health_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <atomic>

#include "tests/platform/raw_client.hpp"

namespace troupe::platform {
namespace {

using ::testing::HasSubstr;

class health_server : public ::testing::Test {
 protected:
  health_server() {
    prometheus::BuildCounter()
        .Name("restarts_total")
        .Help("Restarts.")
        .Register(*registry_)
        .Add({{"node", "a"}})
        .Increment(3);
    HttpServer::Options options;
    options.at = {"127.0.0.1", 0};
    auto started = start_health_server(
        options, {registry_}, [] { return std::string(); },
        [this] { return ready_ ? std::string() : std::string("waiting for peers"); });
    EXPECT_TRUE(started.ok());
    server_ = std::move(*started);
  }

  RawClient::Response ask(const std::string& method, const std::string& target) {
    RawClient client(server_->local());
    client.send(method + " " + target + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return client.read_response(method == "HEAD");
  }

  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  std::atomic<bool> ready_{false};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(health_server, serves_metrics_in_prometheus_text_format) {
  const auto response = ask("GET", "/metrics?ignored=1");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_THAT(response.body, HasSubstr("# TYPE restarts_total counter\nrestarts_total{node=\"a\"} 3\n"));
}

TEST_F(health_server, answers_probes_with_the_reason_when_they_fail) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/healthz").body, "ok\n");
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/readyz").body, "waiting for peers\n");
  ready_ = true;
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
}

TEST_F(health_server, serves_nothing_else_and_no_other_method) {
  EXPECT_EQ(ask("GET", "/").status, 404);
  EXPECT_EQ(ask("GET", "/metrics/x").status, 404);
  const auto refused = ask("POST", "/metrics");
  EXPECT_EQ(refused.status, 405);
  EXPECT_TRUE(refused.has("Allow: GET, HEAD"));
  EXPECT_EQ(ask("HEAD", "/healthz").status, 200);
}

}  // namespace
}  // namespace troupe::platform
