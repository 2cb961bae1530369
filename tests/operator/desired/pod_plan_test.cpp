#include "operator/desired/pod_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/operator/desired/fixture.hpp"

namespace troupe::desired {
namespace {

using fixture::ended_pod;
using fixture::noon;
using fixture::pod;
using fixture::rules;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

std::vector<int> created(const PodPlan& plan) {
  std::vector<int> ordinals;
  for (const PodCreation& creation : plan.create) {
    ordinals.push_back(creation.ordinal);
  }
  return ordinals;
}

std::vector<std::string> removed(const PodPlan& plan) {
  std::vector<std::string> names;
  for (const PodRemoval& removal : plan.remove) {
    names.push_back(removal.name);
  }
  return names;
}

PodRules settled(int replicas) {
  PodRules all = rules(replicas);
  all.current_revision = "new";
  return all;
}

TEST(PodPlan, makes_as_many_as_are_asked_for) {
  const PodPlan plan = plan_pods(settled(3), {}, noon);
  EXPECT_THAT(created(plan), ElementsAre(0, 1, 2));
  EXPECT_THAT(removed(plan), IsEmpty());
  EXPECT_EQ(plan.create[0].revision, "new");
}

TEST(PodPlan, does_nothing_when_nothing_is_to_do) {
  const PodPlan plan = plan_pods(settled(2), {pod(0), pod(1)}, noon);
  EXPECT_THAT(created(plan), IsEmpty());
  EXPECT_THAT(removed(plan), IsEmpty());
  EXPECT_FALSE(plan.look_again_after);
}

TEST(PodPlan, takes_the_lowest_ordinal_that_no_pod_object_holds) {
  ObservedPod terminating = pod(0);
  terminating.being_deleted = true;
  ObservedPod foreign = pod(2);
  foreign.owned = false;
  PodRules with_taken = settled(3);
  with_taken.taken_ordinals = {3};
  EXPECT_THAT(created(plan_pods(with_taken, {terminating, pod(1), foreign}, noon)), ElementsAre(4, 5));
}

TEST(PodPlan, a_pod_stuck_in_terminating_blocks_nothing) {
  ObservedPod stuck = pod(1);
  stuck.being_deleted = true;
  const PodPlan plan = plan_pods(settled(2), {pod(0), stuck}, noon);
  EXPECT_THAT(created(plan), ElementsAre(2));
  EXPECT_THAT(removed(plan), IsEmpty());
}

TEST(PodPlan, takes_away_what_is_not_ready_first_and_then_the_highest_ordinal) {
  const std::vector<ObservedPod> pods{pod(0), pod(1, "new", false), pod(2), pod(3)};
  const PodPlan plan = plan_pods(settled(2), pods, noon);
  EXPECT_THAT(removed(plan), ElementsAre("counter-1", "counter-3"));
  EXPECT_EQ(plan.remove[0].uid, "uid-1");
  EXPECT_EQ(plan.remove[0].resource_version, "1");
}

TEST(PodPlan, zero_replicas_take_every_worker_away) {
  PodRules none = rules(0);
  none.rollout.max_surge = 2;
  EXPECT_THAT(removed(plan_pods(none, {pod(0, "old"), pod(1, "new")}, noon)), ElementsAre("counter-1", "counter-0"));
}

TEST(PodPlan, never_touches_pods_of_others) {
  ObservedPod foreign = pod(7);
  foreign.owned = false;
  EXPECT_THAT(removed(plan_pods(settled(0), {foreign}, noon)), IsEmpty());
}

TEST(Rollout, goes_one_pod_at_a_time_by_default) {
  const std::vector<ObservedPod> pods{pod(0, "old"), pod(1, "old"), pod(2, "old")};
  const PodPlan plan = plan_pods(rules(3), pods, noon);
  EXPECT_THAT(removed(plan), ElementsAre("counter-2"));
  EXPECT_THAT(created(plan), IsEmpty());
}

TEST(Rollout, waits_for_the_new_pod) {
  const std::vector<ObservedPod> pods{pod(0, "old"), pod(1, "old"), pod(2, "new", false)};
  EXPECT_THAT(removed(plan_pods(rules(3), pods, noon)), IsEmpty());
}

TEST(Rollout, replaces_what_is_not_ready_first) {
  const std::vector<ObservedPod> pods{pod(0, "old", false), pod(1, "old"), pod(2, "old")};
  EXPECT_THAT(removed(plan_pods(rules(3), pods, noon)), ElementsAre("counter-0"));
}

TEST(Rollout, does_not_take_every_pod_when_all_are_unready_for_a_moment) {
  const std::vector<ObservedPod> pods{pod(0, "old", false), pod(1, "old", false), pod(2, "old", false)};
  EXPECT_EQ(plan_pods(rules(3), pods, noon).remove.size(), 1U);
}

TEST(Rollout, with_surge_adds_before_it_takes) {
  PodRules surging = rules(2);
  surging.rollout.max_unavailable = 0;
  surging.rollout.max_surge = 1;
  const std::vector<ObservedPod> before{pod(0, "old"), pod(1, "old")};
  PodPlan plan = plan_pods(surging, before, noon);
  EXPECT_THAT(created(plan), ElementsAre(2));
  EXPECT_EQ(plan.create[0].revision, "new");
  EXPECT_THAT(removed(plan), IsEmpty());

  plan = plan_pods(surging, {pod(0, "old"), pod(1, "old"), pod(2, "new", false)}, noon);
  EXPECT_THAT(created(plan), IsEmpty());
  EXPECT_THAT(removed(plan), IsEmpty());

  plan = plan_pods(surging, {pod(0, "old"), pod(1, "old"), pod(2, "new")}, noon);
  EXPECT_THAT(removed(plan), ElementsAre("counter-1"));
}

TEST(Rollout, a_canary_stops_at_its_number) {
  PodRules canary = rules(3);
  canary.rollout.canary = 1;
  const std::vector<ObservedPod> pods{pod(0, "old"), pod(1, "old"), pod(2, "new")};
  const PodPlan plan = plan_pods(canary, pods, noon);
  EXPECT_THAT(removed(plan), IsEmpty());
  EXPECT_TRUE(rollout_state(canary, pods).at_canary);
  EXPECT_FALSE(rollout_state(canary, pods).complete);
}

TEST(Rollout, pods_beyond_the_canary_are_made_anew_as_they_were) {
  PodRules canary = rules(3);
  canary.rollout.canary = 1;
  const PodPlan plan = plan_pods(canary, {pod(0, "new"), pod(1, "old")}, noon);
  ASSERT_THAT(created(plan), ElementsAre(2));
  EXPECT_EQ(plan.create[0].revision, "old");
}

TEST(Rollout, a_smaller_canary_takes_nothing_back) {
  PodRules canary = rules(3);
  canary.rollout.canary = 1;
  EXPECT_THAT(removed(plan_pods(canary, {pod(0, "old"), pod(1, "new"), pod(2, "new")}, noon)), IsEmpty());
}

TEST(Rollout, going_back_replaces_the_canary) {
  PodRules back = rules(3);
  back.current_revision = back.update_revision = "old";
  back.rollout.canary = 1;
  EXPECT_THAT(removed(plan_pods(back, {pod(0, "old"), pod(1, "new"), pod(2, "old")}, noon)), ElementsAre("counter-1"));
}

TEST(Rollout, paused_replaces_nothing_and_makes_pods_as_they_were) {
  PodRules paused = rules(3);
  paused.rollout.paused = true;
  const PodPlan plan = plan_pods(paused, {pod(0, "old"), pod(1, "new")}, noon);
  EXPECT_THAT(removed(plan), IsEmpty());
  ASSERT_THAT(created(plan), ElementsAre(2));
  EXPECT_EQ(plan.create[0].revision, "old");
}

TEST(Rollout, on_delete_gives_only_new_pods_the_new_revision) {
  PodRules on_delete = rules(3);
  on_delete.rollout.type = resource::RolloutType::on_delete;
  const PodPlan plan = plan_pods(on_delete, {pod(0, "old"), pod(1, "old")}, noon);
  EXPECT_THAT(removed(plan), IsEmpty());
  ASSERT_THAT(created(plan), ElementsAre(2));
  EXPECT_EQ(plan.create[0].revision, "new");
}

TEST(Rollout, overtaken_by_another_one_replaces_the_strays_first) {
  const std::vector<ObservedPod> pods{pod(0, "stray"), pod(1, "old"), pod(2, "old")};
  EXPECT_THAT(removed(plan_pods(rules(3), pods, noon)), ElementsAre("counter-0"));
}

TEST(Replacement, of_a_pod_that_lived_long_comes_at_once) {
  const PodPlan plan = plan_pods(settled(2), {pod(0), ended_pod(1, 1h, 0s)}, noon);
  EXPECT_THAT(created(plan), ElementsAre(2));
  EXPECT_EQ(plan.create[0].failures, 0);
  EXPECT_THAT(removed(plan), ElementsAre("counter-1"));
}

TEST(Replacement, of_a_pod_that_ended_soon_waits_and_longer_each_time) {
  struct Case {
    int failures_before;
    Duration wait;
  };
  for (const auto& [failures, wait] : {Case{0, 10s}, Case{1, 20s}, Case{2, 40s}, Case{5, 300s}, Case{900, 300s}}) {
    PodPlan plan = plan_pods(settled(1), {ended_pod(0, 5s, 1s, failures)}, noon);
    EXPECT_THAT(created(plan), IsEmpty());
    EXPECT_THAT(removed(plan), IsEmpty());
    EXPECT_EQ(plan.look_again_after, wait - 1s) << failures;

    plan = plan_pods(settled(1), {ended_pod(0, 5s, wait, failures)}, noon);
    ASSERT_THAT(created(plan), ElementsAre(1));
    EXPECT_EQ(plan.create[0].failures, failures + 1);
    EXPECT_THAT(removed(plan), ElementsAre("counter-0"));
  }
}

TEST(Replacement, does_not_hold_up_the_other_workers) {
  const PodPlan plan = plan_pods(settled(3), {ended_pod(0, 1s, 0s)}, noon);
  EXPECT_THAT(created(plan), ElementsAre(1, 2));
  EXPECT_THAT(removed(plan), IsEmpty());
}

TEST(Replacement, is_not_made_when_enough_workers_run) {
  const PodPlan plan = plan_pods(settled(1), {pod(0), ended_pod(1, 1s, 0s)}, noon);
  EXPECT_THAT(created(plan), IsEmpty());
  EXPECT_THAT(removed(plan), ElementsAre("counter-1"));
}

}  // namespace
}  // namespace troupe::desired
