// The decisions of a supervisor, one OTP rule at a time.
#include "worker/supervision/restart_plan.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using namespace std::chrono_literals;

const Term boom = Term::atom("boom");
const Term normal = Term::atom("normal");
const Term shutdown = Term::atom("shutdown");
const Term shutdown_why = Term::tuple({Term::atom("shutdown"), Term::atom("why")});

std::vector<ChildState> running(std::vector<Restart> restarts) {
  std::vector<ChildState> children;
  for (const Restart restart : restarts) {
    children.push_back({restart, true, false});
  }
  return children;
}

TEST(StartsAgain, a_permanent_child_always) {
  for (const Term& reason : {boom, normal, shutdown, shutdown_why}) {
    EXPECT_TRUE(starts_again(Restart::permanent, reason));
  }
}

TEST(StartsAgain, a_transient_child_after_an_abnormal_end_only) {
  EXPECT_TRUE(starts_again(Restart::transient, boom));
  EXPECT_TRUE(starts_again(Restart::transient, Term::atom("killed")));
  for (const Term& reason : {normal, shutdown, shutdown_why}) {
    EXPECT_FALSE(starts_again(Restart::transient, reason));
  }
}

TEST(StartsAgain, a_temporary_child_never) {
  for (const Term& reason : {boom, normal, shutdown, shutdown_why}) {
    EXPECT_FALSE(starts_again(Restart::temporary, reason));
  }
}

TEST(PlanRestart, one_for_one_touches_no_sibling) {
  auto children = running({Restart::permanent, Restart::permanent, Restart::permanent});
  children[1].running = false;
  EXPECT_EQ(plan_restart(Strategy::one_for_one, children, 1), (RestartPlan{{}, {1}}));
}

TEST(PlanRestart, one_for_all_stops_last_to_first_and_starts_first_to_last) {
  auto children = running({Restart::permanent, Restart::permanent, Restart::permanent});
  children[1].running = false;
  EXPECT_EQ(plan_restart(Strategy::one_for_all, children, 1), (RestartPlan{{2, 0}, {0, 1, 2}}));
}

TEST(PlanRestart, rest_for_one_takes_those_started_after) {
  auto children = running({Restart::permanent, Restart::permanent, Restart::permanent, Restart::permanent});
  children[1].running = false;
  EXPECT_EQ(plan_restart(Strategy::rest_for_one, children, 1), (RestartPlan{{3, 2}, {1, 2, 3}}));
}

TEST(PlanRestart, temporary_siblings_stop_but_do_not_start_again) {
  auto children = running({Restart::temporary, Restart::permanent, Restart::temporary});
  children[1].running = false;
  EXPECT_EQ(plan_restart(Strategy::one_for_all, children, 1), (RestartPlan{{2, 0}, {1}}));
}

TEST(PlanRestart, a_transient_sibling_that_had_ended_starts_with_the_others) {
  auto children = running({Restart::transient, Restart::permanent});
  children[0].running = false;
  children[1].running = false;
  EXPECT_EQ(plan_restart(Strategy::one_for_all, children, 1), (RestartPlan{{}, {0, 1}}));
}

TEST(PlanShutdown, stops_what_runs_last_to_first) {
  auto children = running({Restart::permanent, Restart::permanent, Restart::permanent});
  children[1].running = false;
  EXPECT_EQ(plan_shutdown(children), (RestartPlan{{2, 0}, {}}));
}

TEST(ShutsDown, never_unless_the_child_is_significant) {
  const ChildState significant{Restart::transient, false, false, true};
  const ChildState ordinary{Restart::transient, false, false, false};
  EXPECT_FALSE(shuts_down(AutoShutdown::never, significant, {}));
  EXPECT_FALSE(shuts_down(AutoShutdown::any_significant, ordinary, {}));
  EXPECT_FALSE(shuts_down(AutoShutdown::all_significant, ordinary, {}));
}

TEST(ShutsDown, with_the_first_or_with_the_last_of_the_significant_children) {
  const ChildState ended{Restart::transient, false, false, true};
  const ChildState up{Restart::transient, true, false, true};
  const ChildState restarting{Restart::transient, false, true, true};
  const ChildState ordinary{Restart::permanent, true, false, false};
  EXPECT_TRUE(shuts_down(AutoShutdown::any_significant, ended, {ended, up}));
  EXPECT_FALSE(shuts_down(AutoShutdown::all_significant, ended, {ended, up}));
  EXPECT_FALSE(shuts_down(AutoShutdown::all_significant, ended, {ended, restarting}));
  EXPECT_TRUE(shuts_down(AutoShutdown::all_significant, ended, {ended, ordinary}));
}

TEST(RestartWindow, allows_one_restart_in_five_seconds_by_default) {
  RestartWindow window{RestartIntensity{}};
  const Instant start{100s};
  EXPECT_TRUE(window.add(start));
  EXPECT_FALSE(window.add(start + 5s)) << "the border belongs to the window";
}

TEST(RestartWindow, forgets_restarts_older_than_the_window) {
  RestartWindow window{RestartIntensity{2, 10s}};
  const Instant start{100s};
  EXPECT_TRUE(window.add(start));
  EXPECT_TRUE(window.add(start + 1s));
  EXPECT_TRUE(window.add(start + 10s + 1ms));
  EXPECT_FALSE(window.add(start + 10s + 2ms));
}

TEST(RestartWindow, with_no_restart_allowed_gives_up_at_the_first) {
  RestartWindow window{RestartIntensity{0, 5s}};
  EXPECT_FALSE(window.add(Instant{100s}));
}

}  // namespace
}  // namespace troupe
