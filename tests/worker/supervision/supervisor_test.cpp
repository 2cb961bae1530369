// Supervisors at work on virtual time.
#include "tests/worker/supervision/supervisors.hpp"
#include "worker/process/system_call.hpp"

namespace troupe {
namespace {

TEST_F(Supervisors, start_children_first_to_last_and_stop_them_last_to_first) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a"), child("b"), child("c")}, {}});
  EXPECT_EQ(take_story(), (Texts{"start a", "start b", "start c"}));
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(take_story(), (Texts{"end c", "end b", "end a"}));
  EXPECT_FALSE(runtime.alive(supervisor));
}

TEST_F(Supervisors, one_for_one_restarts_the_child_alone) {
  start({Strategy::one_for_one, {}, {child("a"), child("b")}, {}});
  take_story();
  tell("a", Crash{});
  EXPECT_EQ(take_story(), (Texts{"end a", "start a"}));
  EXPECT_EQ(ask("restart_counts"), "#{a => 1,b => 0}");
}

TEST_F(Supervisors, one_for_all_restarts_everybody) {
  start({Strategy::one_for_all, {}, {child("a"), child("b"), child("c")}, {}});
  take_story();
  tell("b", Crash{});
  EXPECT_EQ(take_story(), (Texts{"end b", "end c", "end a", "start a", "start b", "start c"}));
}

TEST_F(Supervisors, rest_for_one_restarts_those_started_after) {
  start({Strategy::rest_for_one, {}, {child("a"), child("b"), child("c")}, {}});
  take_story();
  tell("b", Crash{});
  EXPECT_EQ(take_story(), (Texts{"end b", "end c", "start b", "start c"}));
}

TEST_F(Supervisors, a_transient_child_that_ends_normally_stays_away) {
  start({Strategy::one_for_one, {}, {child("a", Restart::transient)}, {}});
  tell("a", Quit{Term::atom("normal")});
  EXPECT_FALSE(up("a"));
  EXPECT_EQ(ask("which_children"), "[{a,undefined,worker,dynamic}]");
}

TEST_F(Supervisors, a_temporary_child_is_forgotten) {
  start({Strategy::one_for_one, {}, {child("a", Restart::temporary), child("b")}, {}});
  tell("a", Crash{});
  EXPECT_FALSE(up("a"));
  EXPECT_EQ(ask("count_children"), "[{specs,1},{active,1},{supervisors,0},{workers,1}]");
}

TEST_F(Supervisors, give_up_with_shutdown_when_restarts_are_too_many) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a"), child("b")}, {}});
  tell("a", Crash{});
  EXPECT_TRUE(up("a"));
  tell("a", Crash{});
  EXPECT_FALSE(runtime.alive(supervisor));
  EXPECT_FALSE(up("a"));
  EXPECT_FALSE(up("b"));
}

TEST_F(Supervisors, do_not_give_up_when_the_restarts_lie_far_apart) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a")}, {}});
  for (int i = 0; i < 5; ++i) {
    tell("a", Crash{});
    scheduler.run_for(6s);
  }
  EXPECT_TRUE(runtime.alive(supervisor));
  EXPECT_EQ(ask("restart_counts"), "#{a => 5}");
}

TEST_F(Supervisors, pass_their_failure_on_to_their_own_supervisor) {
  SupervisorSpec inner{Strategy::one_for_one, {0, 5s}, {child("a")}, {}};
  const Pid outer = start({Strategy::one_for_one, {1, 5s}, {supervisor_child("inner", inner, "inner")}, {}});
  const auto before = runtime.whereis("inner");
  tell("a", Crash{});
  EXPECT_TRUE(runtime.alive(outer));
  EXPECT_NE(runtime.whereis("inner"), before);
  EXPECT_TRUE(up("a"));
  tell("a", Crash{});
  EXPECT_FALSE(runtime.alive(outer));
}

TEST_F(Supervisors, kill_a_child_that_does_not_stop_in_time) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a"), child<Stubborn>("b")}, {}});
  take_story();
  const Instant before = scheduler.clock().now();
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(take_story(), (Texts{"end b", "end a"}));
  const Duration took = scheduler.clock().now() - before;
  EXPECT_GE(took, shutdown_timeout_default);
  EXPECT_LT(took, shutdown_timeout_default + 1s);
}

TEST_F(Supervisors, kill_at_once_when_there_is_no_grace) {
  ChildSpec stubborn = child<Stubborn>("a");
  stubborn.shutdown_timeout = 0ms;
  const Pid supervisor = start({Strategy::one_for_one, {}, {stubborn}, {}});
  const Instant before = scheduler.clock().now();
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_FALSE(runtime.alive(supervisor));
  EXPECT_LT(scheduler.clock().now() - before, 1s);
}

TEST_F(Supervisors, that_cannot_start_a_child_stop_the_others_and_say_which) {
  failing_starts["b"] = 1;
  auto started = start_supervisor(runtime, {Strategy::one_for_one, {}, {child("a"), child("b"), child("c")}, {}});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "{shutdown,{failed_to_start_child,b,not_today}}");
  scheduler.run_until_idle();
  EXPECT_EQ(take_story(), (Texts{"start a", "end a"}));
  EXPECT_EQ(runtime.counters().processes, 0u);
}

TEST_F(Supervisors, try_again_when_a_restart_fails_and_count_it) {
  const Pid supervisor = start({Strategy::one_for_one, {3, 5s}, {child("a")}, {}});
  failing_starts["a"] = 2;
  tell("a", Crash{});
  EXPECT_TRUE(runtime.alive(supervisor));
  EXPECT_TRUE(up("a"));
  EXPECT_EQ(ask("restart_counts"), "#{a => 3}");
  failing_starts["a"] = 100;
  tell("a", Crash{});
  EXPECT_FALSE(runtime.alive(supervisor));
}

TEST_F(Supervisors, refuse_two_children_of_one_id) {
  auto started = start_supervisor(runtime, {Strategy::one_for_one, {}, {child("a"), child("a")}, {}});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "{bad_child_specs,{duplicate_child_id,a}}");
}

TEST_F(Supervisors, ignore_exit_signals_of_strangers) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a")}, {}});
  const Pid stranger = runtime.spawn<Worker>("stranger", story);
  runtime.exit(stranger, supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_TRUE(runtime.alive(supervisor));
  EXPECT_TRUE(up("a"));
}

TEST_F(Supervisors, tell_of_their_children_in_the_shapes_of_otp) {
  start({Strategy::one_for_one,
         {},
         {child("a"), supervisor_child("b", {Strategy::one_for_one, {}, {child("c")}, {}})},
         {}});
  EXPECT_EQ(ask("count_children"), "[{specs,2},{active,2},{supervisors,1},{workers,1}]");
  const auto answer = runtime.call("supervisor", Term::atom("which_children"), 1s);
  ASSERT_TRUE(answer.ok());
  const auto children = answer->as_list();
  ASSERT_EQ(children->size(), 2u);
  const auto last = (*children)[1].as_tuple();
  EXPECT_EQ((*last)[0], Term::atom("a"));
  EXPECT_EQ((*last)[1], Term::pid(*runtime.whereis("a")));
  EXPECT_EQ((*last)[2], Term::atom("worker"));
}

TEST_F(Supervisors, stop_even_while_they_are_suspended) {
  SupervisorSpec inner{Strategy::one_for_one, {}, {child("a")}, {}};
  const Pid supervisor = start({Strategy::one_for_one, {}, {supervisor_child("inner", inner, "inner")}, {}});
  for (const char* name : {"inner", "supervisor"}) {
    ASSERT_TRUE(system_call(runtime, name, Term::atom("suspend"), 1s).ok());
  }
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(runtime.counters().processes, 0u);
}

TEST_F(Supervisors, stop_even_while_they_restart) {
  const Pid supervisor = start({Strategy::one_for_all, {}, {child("a"), child<Stubborn>("b"), child("c")}, {}});
  {
    const RuntimeScope scope(runtime);
    troupe::send("c", Crash{});
  }
  scheduler.run_for(1s);  // b is being waited for.
  EXPECT_TRUE(up("b"));
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(runtime.counters().processes, 0u);
}

}  // namespace
}  // namespace troupe
