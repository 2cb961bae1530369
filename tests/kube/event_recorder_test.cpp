#include "kube/event_recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/event_series.hpp"
#include "platform/event_loop.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/fake_client.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class EventRecorderTest : public testing::Test {
 protected:
  std::shared_ptr<FakeClient> client = std::make_shared<FakeClient>();
  EventRecorder recorder{client, "troupe-operator", platform::real_clock()};
  Object pod{Json::parse(pod_json("a-0", "7"))};
};

TEST_F(EventRecorderTest, writes_an_event_about_the_object) {
  recorder.record(pod, EventType::warning, "NameConflict", "Service a exists already");
  ASSERT_TRUE(eventually([&] { return client->all(events).size() == 1; }));
  Json event = client->all(events)[0];
  EXPECT_THAT(event["metadata"]["name"].get<std::string>(), testing::StartsWith("a-0."));
  EXPECT_EQ(event["metadata"]["namespace"], "shop");
  EXPECT_EQ(event["involvedObject"], Json::parse(R"({"apiVersion":"v1","kind":"Pod","namespace":"shop","name":"a-0",
      "uid":"uid-a-0","resourceVersion":"7"})"));
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "NameConflict");
  EXPECT_EQ(event["message"], "Service a exists already");
  EXPECT_EQ(event["source"]["component"], "troupe-operator");
  EXPECT_EQ(event["count"], 1);
  EXPECT_EQ(event["firstTimestamp"], event["lastTimestamp"]);
}

TEST_F(EventRecorderTest, counts_repeated_events_up) {
  for (int i = 0; i < 5; ++i) {
    recorder.record(pod, EventType::normal, "Scaled", "to 3");
  }
  recorder.record(pod, EventType::normal, "Scaled", "to 4");
  ASSERT_TRUE(eventually([&] { return client->all(events).size() == 2; }));
  std::vector<int> counts;
  for (const Json& event : client->all(events)) {
    counts.push_back(event["count"].get<int>());
  }
  EXPECT_THAT(counts, testing::UnorderedElementsAre(5, 1));
}

TEST_F(EventRecorderTest, writes_anew_what_the_server_has_let_expire) {
  recorder.record(pod, EventType::normal, "Scaled", "to 3");
  ASSERT_TRUE(eventually([&] { return client->all(events).size() == 1; }));
  const std::string name = client->all(events)[0]["metadata"]["name"];
  client->erase(events, "shop", name);
  recorder.record(pod, EventType::normal, "Scaled", "to 3");
  ASSERT_TRUE(eventually([&] { return client->all(events).size() == 1; }));
  EXPECT_EQ(client->all(events)[0]["count"], 1);
}

TEST_F(EventRecorderTest, drops_and_counts_what_is_over_the_rate) {
  for (int i = 0; i < 60; ++i) {
    recorder.record(pod, EventType::normal, "Busy", std::to_string(i));
  }
  ASSERT_TRUE(eventually([&] { return client->all(events).size() + recorder.dropped() == 60; }));
  EXPECT_GE(client->all(events).size(), 25U);
  EXPECT_GE(recorder.dropped(), 25U);
}

TEST_F(EventRecorderTest, tries_again_while_the_server_is_away) {
  client->fail_with(FakeClient::error(503, "ServiceUnavailable"));
  recorder.record(pod, EventType::normal, "Scaled", "to 3");
  ASSERT_TRUE(eventually([&] { return client->requests().size() == 1; }));
  client->fail_with(std::nullopt);
  EXPECT_TRUE(eventually([&] { return client->all(events).size() == 1; }));
  EXPECT_EQ(recorder.dropped(), 0U);
}

TEST_F(EventRecorderTest, a_refused_event_is_dropped_not_repeated) {
  client->fail_with(FakeClient::error(403, "Forbidden"));
  recorder.record(pod, EventType::normal, "Scaled", "to 3");
  ASSERT_TRUE(eventually([&] { return recorder.dropped() == 1; }));
  EXPECT_EQ(client->requests().size(), 1U);
}

TEST_F(EventRecorderTest, shortens_long_messages_between_characters) {
  std::string message;
  while (message.size() < 2000) {
    message += "\u20ac";
  }
  recorder.record(pod, EventType::normal, "Long", message);
  ASSERT_TRUE(eventually([&] { return client->all(events).size() == 1; }));
  const std::string kept = client->all(events)[0]["message"];
  EXPECT_EQ(kept, message.substr(0, 1023));
}

TEST(EventRecorder, sends_what_is_queued_before_it_goes) {
  const auto client = std::make_shared<FakeClient>();
  {
    EventRecorder recorder(client, "troupe-operator", platform::real_clock());
    recorder.record(Object(Json::parse(R"({"kind":"Node","metadata":{"name":"n"}})")), EventType::normal, "Last",
                    "words");
  }
  ASSERT_EQ(client->all(events).size(), 1U);
  EXPECT_EQ(client->all(events)[0]["metadata"]["namespace"], "default");
}

TEST(EventSeries, an_object_may_burst_then_gets_its_rate) {
  ManualClock clock;
  EventSeries series({.per_second = 10, .burst = 3, .entries_max = 10});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(series.allow("a", clock.now()));
  }
  EXPECT_FALSE(series.allow("a", clock.now()));
  EXPECT_TRUE(series.allow("b", clock.now()));
  clock.advance(milliseconds(100));
  EXPECT_TRUE(series.allow("a", clock.now()));
  EXPECT_FALSE(series.allow("a", clock.now()));
  clock.advance(seconds(100));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(series.allow("a", clock.now()));
  }
  EXPECT_FALSE(series.allow("a", clock.now()));
}

TEST(EventSeries, forgets_what_was_not_used_for_longest) {
  EventSeries series({.per_second = 10, .burst = 3, .entries_max = 2});
  series.remember("a", {"ea", 1, ""});
  series.remember("b", {"eb", 1, ""});
  EXPECT_NE(series.find("a"), nullptr);
  series.remember("c", {"ec", 1, ""});
  EXPECT_EQ(series.find("b"), nullptr);
  EXPECT_EQ(series.find("a")->name, "ea");
  EXPECT_EQ(series.find("c")->name, "ec");
  series.forget("a");
  EXPECT_EQ(series.find("a"), nullptr);
}

}  // namespace
}  // namespace troupe::kube
