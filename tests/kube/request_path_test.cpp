#include "kube/request_path.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kube/proxy.hpp"
#include "kube/resource_types.hpp"
#include "kube/server_url.hpp"
#include "kube/status.hpp"
#include "kube/timestamp.hpp"

namespace troupe::kube {
namespace {

TEST(RequestPath, names_resources_of_all_kinds) {
  EXPECT_EQ(resource_path(pods, "shop", "a-0", "status"), "/api/v1/namespaces/shop/pods/a-0/status");
  EXPECT_EQ(resource_path(pods, "", {}), "/api/v1/pods");
  EXPECT_EQ(resource_path(nodes, "ignored", "n1"), "/api/v1/nodes/n1");
  EXPECT_EQ(resource_path(troupe_clusters, "shop", "x"), "/apis/troupe.dev/v1alpha1/namespaces/shop/troupeclusters/x");
}

TEST(RequestPath, encodes_what_could_change_the_request) {
  EXPECT_EQ(resource_path(pods, "a/b", "../x?y#z"), "/api/v1/namespaces/a%2Fb/pods/..%2Fx%3Fy%23z");
  ListOptions options;
  options.label_selector = "a in (b, c)";
  options.limit = 0;
  EXPECT_EQ(list_query(options), "?labelSelector=a%20in%20%28b%2C%20c%29");
}

TEST(RequestPath, a_continued_list_names_no_version) {
  ListOptions options;
  options.resource_version = "0";
  EXPECT_EQ(list_query(options), "?limit=500&resourceVersion=0");
  options.continue_token = "tok=";
  EXPECT_EQ(list_query(options), "?limit=500&continue=tok%3D");
}

TEST(RequestPath, queries_of_watches_and_writes) {
  WatchOptions watch;
  watch.resource_version = "7";
  EXPECT_EQ(watch_query(watch), "?watch=true&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=290");
  WriteOptions write;
  write.dry_run = true;
  write.force = true;
  EXPECT_EQ(write_query(write), "?fieldManager=troupe&dryRun=All&force=true");
}

TEST(ServerUrl, splits_and_rejoins) {
  const auto url = parse_server_url("HTTPS://Api.Example/k8s/clusters/c-1/");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->text(), "https://api.example:443/k8s/clusters/c-1");
  EXPECT_EQ(parse_server_url("http://10.0.0.1:8080")->text(), "http://10.0.0.1:8080");
  EXPECT_EQ(parse_server_url("http://me:pw@proxy:3128")->user_info, "me:pw");
}

TEST(ServerUrl, refuses_what_cannot_be_connected_to) {
  for (const char* url :
       {"", "api.example", "https://", "https://:443", "https://a b", "https://a:0", "https://a:65536", "https://a:x",
        "https://a/?q", "https://a/#f", "ftp://a", "https://a:1:2"}) {
    EXPECT_EQ(parse_server_url(url).error().code, ErrorCode::invalid_argument) << url;
  }
  EXPECT_EQ(parse_server_url("https://[::1]:6443").error().code, ErrorCode::unsupported);
}

TEST(ServerUrl, knows_ipv4_literals) {
  EXPECT_TRUE(is_ipv4_literal("10.96.0.1"));
  for (const char* host : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", "a.b.c.d", "1..2.3", "0001.2.3.4"}) {
    EXPECT_FALSE(is_ipv4_literal(host)) << host;
  }
}

std::string proxy_with(std::string_view server, const std::map<std::string, std::string>& variables) {
  return proxy_for(server, [&](std::string_view name) {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::string() : found->second;
  });
}

TEST(Proxy, follows_the_environment) {
  EXPECT_EQ(proxy_with("https://api.example", {}), "");
  EXPECT_EQ(proxy_with("https://api.example", {{"HTTPS_PROXY", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(proxy_with("https://api.example", {{"https_proxy", "p:1"}}), "http://p:1");
  EXPECT_EQ(proxy_with("http://api.example", {{"HTTPS_PROXY", "http://p:1"}, {"HTTP_PROXY", "http://q:1"}}), "");
  EXPECT_EQ(proxy_with("http://api.example", {{"http_proxy", "http://q:1"}}), "http://q:1");
  EXPECT_EQ(proxy_with("https://localhost:6443", {{"HTTPS_PROXY", "http://p:1"}}), "");
  EXPECT_EQ(proxy_with("https://127.0.0.2:6443", {{"HTTPS_PROXY", "http://p:1"}}), "");
}

TEST(Proxy, no_proxy_names_hosts_domains_blocks_and_ports) {
  const auto direct = [](std::string_view server, const std::string& list) {
    return proxy_with(server, {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", list}}).empty();
  };
  EXPECT_TRUE(direct("https://api.example", "*"));
  EXPECT_TRUE(direct("https://api.example", "other, example"));
  EXPECT_TRUE(direct("https://api.example", ".example"));
  EXPECT_FALSE(direct("https://example", ".example"));
  EXPECT_FALSE(direct("https://myexample", "example"));
  EXPECT_TRUE(direct("https://10.96.0.1", "10.0.0.0/8"));
  EXPECT_FALSE(direct("https://11.96.0.1", "10.0.0.0/8"));
  EXPECT_TRUE(direct("https://11.96.0.1", "0.0.0.0/0"));
  EXPECT_FALSE(direct("https://10.96.0.1", "10.0.0.0/99,junk/8,/,:,."));
  EXPECT_TRUE(direct("https://api.example:6443", "api.example:6443"));
  EXPECT_FALSE(direct("https://api.example:6443", "api.example:443"));
  EXPECT_TRUE(direct("https://10.96.0.1", "10.96.0.1"));
  EXPECT_FALSE(direct("https://10.96.0.1", "0.1"));
}

TEST(Timestamp, writes_and_reads_rfc3339) {
  const WallTime at = WallTime(std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)) + std::chrono::hours(8) +
                      std::chrono::seconds(5) + std::chrono::microseconds(42);
  EXPECT_EQ(to_time(at), "2024-02-29T08:00:05Z");
  EXPECT_EQ(to_micro_time(at), "2024-02-29T08:00:05.000042Z");
  EXPECT_EQ(parse_time(to_micro_time(at)), at);
  EXPECT_EQ(parse_time("2024-02-29T10:30:05.000042+02:30"), at);
  EXPECT_EQ(parse_time("2024-02-29t06:00:05.000042-02:00"), at);
}

TEST(Timestamp, refuses_other_text) {
  for (const char* text :
       {"", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx", "2024-01-01 00:00:00Z",
        "1969-12-31T00:00:00Z", "9999-01-01T00:00:00Z", "2024-01-01T00:00:00+99:00", "-024-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(Status, keeps_what_the_server_said) {
  const ApiError error = error_of_response(
      422,
      R"({"kind":"Status","message":"spec.replicas: Invalid","reason":"Invalid","details":{"causes":[{"field":"f"}]},"code":422})",
      "", "PUT /x");
  EXPECT_EQ(error.status, 422);
  EXPECT_EQ(error.reason, "Invalid");
  EXPECT_EQ(error.message, "PUT /x: spec.replicas: Invalid");
  EXPECT_EQ(error.details_json, R"({"causes":[{"field":"f"}]})");
  EXPECT_FALSE(error.retriable());
}

TEST(Status, quotes_a_little_of_a_body_that_is_none) {
  const ApiError error = error_of_response(502, "<html>" + std::string(1000, 'x'), "", "GET /x");
  EXPECT_TRUE(error.retriable());
  EXPECT_TRUE(error.message.starts_with("GET /x: HTTP status 502: <html>xxx"));
  EXPECT_LT(error.message.size(), 300U);
}

TEST(Status, reads_both_forms_of_retry_after) {
  using std::chrono::seconds;
  EXPECT_EQ(error_of_response(429, "", "7", "").retry_after, seconds(7));
  EXPECT_EQ(error_of_response(429, R"({"kind":"Status","details":{"retryAfterSeconds":3}})", "", "").retry_after,
            seconds(3));
  EXPECT_EQ(error_of_response(429, "", "Wed, 21 Oct 2015 07:28:00 GMT", "").retry_after, std::nullopt);
  EXPECT_EQ(error_of_response(429, "", "-1", "").retry_after, std::nullopt);
  EXPECT_EQ(error_of_response(429, "", "99999999", "").retry_after, seconds(3600));
}

TEST(Status, tells_a_version_that_is_too_large_from_other_timeouts) {
  ApiError error;
  error.status = 504;
  error.reason = "Timeout";
  EXPECT_FALSE(resource_version_too_large(error));
  error.details_json = R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}]})";
  EXPECT_TRUE(resource_version_too_large(error));
  error.details_json.clear();
  error.message = "GET /x: Too large resource version: 9, current: 3";
  EXPECT_TRUE(resource_version_too_large(error));
  error.status = 400;
  error.reason = "";
  EXPECT_FALSE(resource_version_too_large(error));
}

}  // namespace
}  // namespace troupe::kube
