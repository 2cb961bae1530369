#include "worker/node/pod_conditions.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::node {
namespace {

using nlohmann::json;

const json& find(const json& conditions, const std::string& type) {
  static const json none;
  for (const json& condition : conditions) {
    if (condition["type"] == type) {
      return condition;
    }
  }
  return none;
}

TEST(PodConditions, are_added_beside_those_of_others) {
  WorkerReport report;
  report.joined = true;
  report.joined_reason = "AllPeersConnected";
  report.applications = {{"counter", "1.0.0", true, "", ""}, {"bad", "2", false, "ModuleNotFound", "no file"}};
  const json conditions =
      with_worker_conditions(json::array({{{"type", "Ready"}, {"status", "True"}}}), report, WallTime{});
  EXPECT_EQ(conditions.size(), 3U);
  EXPECT_EQ(find(conditions, "troupe.dev/Joined")["status"], "True");
  EXPECT_EQ(find(conditions, "troupe.dev/Applications")["status"], "False");
  const json message = json::parse(find(conditions, "troupe.dev/Applications")["message"].get<std::string>());
  EXPECT_EQ(message[0]["ready"], true);
  EXPECT_EQ(message[1]["reason"], "ModuleNotFound");
}

TEST(PodConditions, keep_their_time_while_the_status_stays) {
  WorkerReport report;
  const json first = with_worker_conditions(json::array(), report, WallTime{});
  report.joined_message = "other words";
  const json second = with_worker_conditions(first, report, WallTime(std::chrono::hours(1)));
  EXPECT_EQ(find(second, "troupe.dev/Joined")["lastTransitionTime"],
            find(first, "troupe.dev/Joined")["lastTransitionTime"]);
  EXPECT_EQ(find(second, "troupe.dev/Joined")["message"], "other words");
  report.joined = true;
  const json third = with_worker_conditions(second, report, WallTime(std::chrono::hours(2)));
  EXPECT_EQ(find(third, "troupe.dev/Joined")["lastTransitionTime"], "1970-01-01T02:00:00Z");
}

TEST(PodConditions, stay_within_their_bound_and_keep_what_failed) {
  std::vector<ApplicationReport> many;
  for (int i = 0; i < 500; ++i) {
    many.push_back({"application-" + std::to_string(i), "1.0.0", i != 499, i == 499 ? "StartFailed" : "",
                    std::string(5'000, 'x')});
  }
  const std::string message = applications_message(many);
  EXPECT_LE(message.size(), 8U * 1024);
  EXPECT_NE(message.find("StartFailed"), std::string::npos);
  EXPECT_TRUE(json::parse(message).is_array());
}

TEST(PodConditions, survive_text_that_is_no_utf8) {
  EXPECT_TRUE(json::accept(applications_message({{"a", "1", false, "StartFailed", "\xff\xfe broken"}})));
}

}  // namespace
}  // namespace troupe::node
