#include "worker/node/application_plan.hpp"

#include <gtest/gtest.h>

namespace troupe::node {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST(ApplicationPlan, starts_what_is_new_and_stops_what_is_gone) {
  const auto plan = plan_applications({{"new", {"1", "s"}}, {"same", {"1", "s"}}},
                                      {{"same", {"1", "s", true, {}}}, {"gone", {"1", "s", true, {}}}}, Instant{});
  EXPECT_EQ(plan.start, Names{"new"});
  EXPECT_EQ(plan.stop, Names{"gone"});
  EXPECT_EQ(plan.again, Instant::max());
}

TEST(ApplicationPlan, replaces_what_has_changed) {
  const auto plan = plan_applications({{"a", {"2", "t"}}}, {{"a", {"1", "s", true, {}}}}, Instant{});
  EXPECT_EQ(plan.stop, Names{"a"});
  EXPECT_EQ(plan.start, Names{"a"});
}

TEST(ApplicationPlan, upgrades_in_place_what_changed_in_its_module_alone) {
  const auto plan = plan_applications({{"a", {"2", "s"}}}, {{"a", {"1", "s", true, {}}}}, Instant{});
  EXPECT_EQ(plan.upgrade, Names{"a"});
  EXPECT_TRUE(plan.stop.empty());
  EXPECT_TRUE(plan.start.empty());
}

TEST(ApplicationPlan, starts_a_failed_one_anew_when_its_module_changes) {
  const auto plan = plan_applications({{"a", {"2", "s"}}}, {{"a", {"1", "s", false, Instant{} + 300s}}}, Instant{});
  EXPECT_TRUE(plan.upgrade.empty());
  EXPECT_EQ(plan.stop, Names{"a"});
  EXPECT_EQ(plan.start, Names{"a"});
}

TEST(ApplicationPlan, lets_a_failed_one_wait_and_then_starts_it_again) {
  const Instant now{};
  const std::map<std::string, RunningApplication> failed = {{"a", {"1", "s", false, now + 10s}}};
  const auto early = plan_applications({{"a", {"1", "s"}}}, failed, now);
  EXPECT_TRUE(early.start.empty());
  EXPECT_EQ(early.again, now + 10s);
  EXPECT_EQ(plan_applications({{"a", {"1", "s"}}}, failed, now + 10s).start, Names{"a"});
}

TEST(ApplicationPlan, a_changed_application_does_not_wait_for_its_old_failures) {
  const auto plan = plan_applications({{"a", {"2", "s"}}}, {{"a", {"1", "s", false, Instant{} + 300s}}}, Instant{});
  EXPECT_EQ(plan.start, Names{"a"});
}

TEST(ApplicationPlan, backs_off_up_to_five_minutes) {
  EXPECT_EQ(application_backoff(1), 10s);
  EXPECT_EQ(application_backoff(2), 20s);
  EXPECT_EQ(application_backoff(50), 300s);
}

}  // namespace
}  // namespace troupe::node
