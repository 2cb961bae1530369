#include "operator/resource/status.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/resource/timestamp.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

WallTime at(const char* text) { return parse_timestamp(text).value(); }

TEST(Timestamp, survives_being_written_and_read) {
  for (const char* text : {"2026-01-02T03:04:05Z", "1999-12-31T23:59:59Z", "2024-02-29T00:00:00Z"}) {
    EXPECT_EQ(format_timestamp(at(text)), text);
  }
  EXPECT_EQ(at("2026-01-02T03:04:05.250000Z") - at("2026-01-02T03:04:05Z"), std::chrono::milliseconds(250));
}

TEST(Timestamp, malformed_ones_are_refused) {
  for (const char* text :
       {"", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z", "2026-01-02T24:04:05Z",
        "2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1x3Z", "x026-01-02T03:04:05Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(Conditions, last_transition_time_moves_only_with_the_status) {
  const std::vector<Condition> waiting{{"Ready", ConditionStatus::is_false, "PodsNotReady", "1 of 3"}};
  const json first = conditions_document(json(), waiting, 1, at("2026-01-01T00:00:00Z"));
  EXPECT_EQ(first[0]["lastTransitionTime"], "2026-01-01T00:00:00Z");

  const std::vector<Condition> still{{"Ready", ConditionStatus::is_false, "PodsNotReady", "2 of 3"}};
  const json second = conditions_document(first, still, 2, at("2026-01-01T00:01:00Z"));
  EXPECT_EQ(second[0]["lastTransitionTime"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(second[0]["message"], "2 of 3");
  EXPECT_EQ(second[0]["observedGeneration"], 2);

  const std::vector<Condition> ready{{"Ready", ConditionStatus::is_true, "AllReady", ""}};
  const json third = conditions_document(second, ready, 2, at("2026-01-01T00:02:00Z"));
  EXPECT_EQ(third[0]["lastTransitionTime"], "2026-01-01T00:02:00Z");
}

TEST(Conditions, of_other_writers_are_kept_and_malformed_ones_dropped) {
  const json previous = json::parse(R"([{"type": "Audited", "status": "True"}, 3, {"status": "True"}, "x"])");
  const json document =
      conditions_document(previous, {{"Ready", ConditionStatus::unknown, "Starting", ""}}, 1, WallTime{});
  ASSERT_EQ(document.size(), 2U);
  EXPECT_EQ(document[1]["type"], "Audited");
}

TEST(Conditions, long_messages_are_cut_between_characters) {
  std::string message;
  while (message.size() < 2 * condition_message_bytes_max) {
    message += "\xC3\xA4";  // a umlaut
  }
  const json document = conditions_document(json(), {{"Ready", ConditionStatus::unknown, "X", message}}, 1, WallTime{});
  const auto text = document[0]["message"].get<std::string>();
  EXPECT_LE(text.size(), condition_message_bytes_max);
  EXPECT_NO_THROW((void)document.dump());
}

TEST(ClusterStatus, is_written_whole) {
  ClusterStatus status;
  status.observed_generation = 4;
  status.replicas = 3;
  status.ready_replicas = 2;
  status.joined_replicas = 1;
  status.selector = "a=b";
  status.current_revision = "r1";
  status.update_revision = "r2";
  const json document = status_document(status, json(), WallTime{});
  EXPECT_EQ(document, json::parse(R"({"observedGeneration": 4, "replicas": 3, "readyReplicas": 2, "joinedReplicas": 1,
    "selector": "a=b", "currentRevision": "r1", "updateRevision": "r2", "conditions": []})"));
}

TEST(ApplicationStatus, counts_members_by_version) {
  ApplicationStatus status;
  status.members_by_version = {{"1.0.0", 2}, {"1.1.0", 1}};
  const json document = status_document(status, json(), WallTime{});
  EXPECT_EQ(document["versions"],
            json::parse(R"([{"version": "1.0.0", "members": 2}, {"version": "1.1.0", "members": 1}])"));
}

TEST(MergePatch, says_only_what_differs_and_leads_there) {
  const json from = json::parse(R"({"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2], "g": 1})");
  const json to = json::parse(R"({"a": 1, "b": {"c": 2, "d": 4}, "e": [1], "f": {"x": {}}})");
  const json patch = merge_patch(from, to);
  EXPECT_EQ(patch, json::parse(R"({"b": {"d": 4}, "e": [1], "f": {"x": {}}, "g": null})"));
  json patched = from;
  patched.merge_patch(patch);
  EXPECT_EQ(patched, to);
  EXPECT_TRUE(merge_patch(to, to).empty());
}

}  // namespace
}  // namespace troupe::resource
