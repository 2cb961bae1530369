#include "operator/control/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "operator/control/cache_index.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string scrape(const Metrics& metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : metrics.collectables()) {
    const auto more = collectable->Collect();
    families.insert(families.end(), more.begin(), more.end());
  }
  return prometheus::TextSerializer().Serialize(families);
}

kube::Object cluster(const std::string& name, const char* ready) {
  return kube::Object(json{{"metadata", {{"name", name}, {"namespace", "shop"}}},
                           {"status", {{"conditions", json::array({{{"type", "Ready"}, {"status", ready}}})}}}});
}

TEST(Metrics, are_there_under_their_documented_names) {
  CacheIndex cache;
  cache.put_cluster(cluster("a", "True"));
  cache.put_cluster(cluster("b", "True"));
  cache.put_cluster(cluster("c", "False"));
  cache.put_cluster(kube::Object(json{{"metadata", {{"name", "d"}, {"namespace", "shop"}}}}));
  Metrics metrics;
  metrics.set_cache(cache);
  metrics.add_queue("cluster", [] { return std::size_t{7}; });
  metrics.count_reconcile("cluster", RoundResult::success, std::chrono::milliseconds(3));
  metrics.count_reconcile("cluster", RoundResult::error, std::chrono::milliseconds(3));
  metrics.count_request("create", 201);
  metrics.count_request("create", 201);
  metrics.set_leader(true);
  const std::string text = scrape(metrics);
  EXPECT_THAT(text, HasSubstr("troupe_operator_reconcile_total{kind=\"cluster\",result=\"success\"} 1"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_reconcile_total{kind=\"cluster\",result=\"error\"} 1"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_reconcile_duration_seconds_count{kind=\"cluster\"} 2"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_queue_depth{kind=\"cluster\"} 7"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_api_requests_total{code=\"201\",verb=\"create\"} 2"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_clusters{condition=\"Ready\",status=\"True\"} 2"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_clusters{condition=\"Ready\",status=\"False\"} 1"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_clusters{condition=\"Ready\",status=\"Unknown\"} 1"));
  EXPECT_THAT(text, HasSubstr("troupe_operator_leader 1"));
}

TEST(Metrics, are_clean_in_the_eyes_of_promtool) {
  CacheIndex cache;
  Metrics metrics;
  metrics.set_cache(cache);
  metrics.add_queue("cluster", [] { return std::size_t{0}; });
  metrics.count_reconcile("cluster", RoundResult::success, std::chrono::milliseconds(3));
  metrics.count_request("list", 200);
  if (std::system("promtool --version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool (Debian's prometheus) is not installed";
  }
  FILE* promtool = popen("promtool check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = scrape(metrics);
  std::fwrite(text.data(), 1, text.size(), promtool);
  EXPECT_EQ(pclose(promtool), 0);
}

}  // namespace
}  // namespace troupe::control
