#include "operator/control/expectations.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/control/cache_index.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const Instant start{};
const std::string counter_key = "shop/counter";

kube::Object pod(const char* uid, const char* version, bool deleting = false) {
  json document = {{"metadata",
                    {{"name", "counter-0"},
                     {"namespace", "shop"},
                     {"uid", uid},
                     {"resourceVersion", version},
                     {"labels", {{"troupe.dev/cluster", "counter"}}}}}};
  if (deleting) {
    document["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  }
  return kube::Object(document);
}

TEST(Versions, are_compared_as_numbers_of_any_length) {
  EXPECT_TRUE(at_least_as_new("10", "9"));
  EXPECT_TRUE(at_least_as_new("9", "9"));
  EXPECT_FALSE(at_least_as_new("9", "10"));
  EXPECT_TRUE(at_least_as_new("100000000000000000000001", "100000000000000000000000"));
  EXPECT_FALSE(at_least_as_new("x2", "x1"));
  EXPECT_TRUE(at_least_as_new("x1", "x1"));
}

TEST(Expectations, a_write_is_waited_for_until_the_cache_shows_it) {
  CacheIndex cache;
  Expectations expectations;
  EXPECT_FALSE(expectations.wait(counter_key, cache, start));
  expectations.expect_written(counter_key, OwnedKind::pod, pod("u1", "5"), start);
  EXPECT_EQ(expectations.wait(counter_key, cache, start + 1s), 29s);
  cache.put_owned(OwnedKind::pod, pod("u1", "4"));
  EXPECT_TRUE(expectations.wait(counter_key, cache, start + 1s));
  cache.put_owned(OwnedKind::pod, pod("u1", "5"));
  EXPECT_FALSE(expectations.wait(counter_key, cache, start + 1s));
  EXPECT_EQ(expectations.size(), 0U);
}

TEST(Expectations, a_newer_object_of_the_name_is_as_good_and_an_older_one_is_not) {
  CacheIndex cache;
  Expectations expectations;
  expectations.expect_written(counter_key, OwnedKind::pod, pod("u2", "5"), start);
  cache.put_owned(OwnedKind::pod, pod("u1", "3"));
  EXPECT_TRUE(expectations.wait(counter_key, cache, start));
  cache.put_owned(OwnedKind::pod, pod("u3", "9"));
  EXPECT_FALSE(expectations.wait(counter_key, cache, start));
}

TEST(Expectations, a_removal_is_seen_when_the_object_is_marked_or_gone) {
  CacheIndex cache;
  Expectations expectations;
  cache.put_owned(OwnedKind::pod, pod("u1", "3"));
  expectations.expect_removed(counter_key, OwnedKind::pod, "counter-0", "u1", start);
  EXPECT_TRUE(expectations.wait(counter_key, cache, start));
  cache.put_owned(OwnedKind::pod, pod("u1", "4", true));
  EXPECT_FALSE(expectations.wait(counter_key, cache, start));
  expectations.expect_removed(counter_key, OwnedKind::pod, "counter-0", "u1", start);
  cache.remove_owned(OwnedKind::pod, pod("u1", "4"));
  EXPECT_FALSE(expectations.wait(counter_key, cache, start));
}

TEST(Expectations, are_overdue_after_30_seconds_and_can_be_put_back) {
  CacheIndex cache;
  Expectations expectations;
  expectations.expect_written(counter_key, OwnedKind::pod, pod("u1", "5"), start);
  expectations.expect_perhaps(counter_key, OwnedKind::pod, "counter-1", start + 5s);
  EXPECT_TRUE(expectations.take_overdue(counter_key, start + 29s).empty());
  EXPECT_LE(expectations.wait(counter_key, cache, start + 30s), Duration{0});
  const auto overdue = expectations.take_overdue(counter_key, start + 30s);
  ASSERT_EQ(overdue.size(), 1U);
  EXPECT_EQ(overdue[0].uid, "u1");
  EXPECT_EQ(expectations.wait(counter_key, cache, start + 30s), 5s);
  expectations.put_back(counter_key, overdue[0], start + 30s);
  EXPECT_EQ(expectations.take_overdue(counter_key, start + 35s).size(), 1U);
  EXPECT_EQ(expectations.wait(counter_key, cache, start + 35s), 25s);
}

TEST(Expectations, stand_as_long_as_the_api_server_bears_them_out) {
  const Expectation written{OwnedKind::pod, "counter-0", "u1", "5", start};
  EXPECT_TRUE(still_to_be_seen(written, pod("u1", "6")));
  EXPECT_FALSE(still_to_be_seen(written, pod("u2", "9")));
  EXPECT_FALSE(still_to_be_seen(written, std::nullopt));
  const Expectation removed{OwnedKind::pod, "counter-0", "u1", "", start};
  EXPECT_FALSE(still_to_be_seen(removed, pod("u1", "6")));
  EXPECT_TRUE(still_to_be_seen(removed, pod("u1", "6", true)));
  EXPECT_TRUE(still_to_be_seen(removed, pod("u2", "7")));
  EXPECT_TRUE(still_to_be_seen(removed, std::nullopt));
  const Expectation perhaps{OwnedKind::pod, "counter-0", "", "", start};
  EXPECT_TRUE(still_to_be_seen(perhaps, pod("u1", "6")));
  EXPECT_FALSE(still_to_be_seen(perhaps, std::nullopt));
}

TEST(Expectations, of_one_cluster_do_not_hold_up_another) {
  CacheIndex cache;
  Expectations expectations;
  expectations.expect_written(counter_key, OwnedKind::pod, pod("u1", "5"), start);
  EXPECT_FALSE(expectations.wait("shop/other", cache, start));
}

}  // namespace
}  // namespace troupe::control
