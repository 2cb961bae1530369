// start_child, terminate_child, restart_child, delete_child, and what may happen meanwhile: OTP's answers.
#include <stdexcept>

#include "tests/worker/supervision/supervisors.hpp"

namespace troupe {
namespace {

using SupervisorRequests = Supervisors;

TEST_F(SupervisorRequests, start_child_adds_a_child_as_the_last) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a")}, {}});
  EXPECT_EQ(add(child("b")), "ok");
  EXPECT_EQ(ask("count_children"), "[{specs,2},{active,2},{supervisors,0},{workers,2}]");
  tell("b", Crash{});
  EXPECT_TRUE(up("b"));
  take_story();
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(take_story(), (Texts{"end b", "end a"}));
}

TEST_F(SupervisorRequests, start_child_refuses_an_id_that_is_there) {
  start({Strategy::one_for_one, {}, {child("a")}, {}});
  const std::string pid = Term::pid(*runtime.whereis("a")).text();
  EXPECT_EQ(add(child("a")), "{already_started," + pid + "}");
  EXPECT_EQ(ask("terminate_child", "a"), "ok");
  EXPECT_EQ(add(child("a")), "already_present");
}

TEST_F(SupervisorRequests, start_child_that_fails_leaves_no_specification) {
  start({Strategy::one_for_one, {}, {child("a")}, {}});
  failing_starts["b"] = 1;
  EXPECT_EQ(add(child("b")), "not_today");
  EXPECT_EQ(ask("count_children"), "[{specs,1},{active,1},{supervisors,0},{workers,1}]");
  EXPECT_EQ(add(child("b")), "ok");
}

TEST_F(SupervisorRequests, a_start_function_that_throws_is_a_start_that_fails) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child("a")}, {}});
  ChildSpec thrower = child("b");
  thrower.start = [](Runtime&) -> Result<Pid, StartError> { throw std::runtime_error("no luck"); };
  EXPECT_EQ(add(thrower), "{exception,<<\"no luck\">>,<<\"std::runtime_error\">>}");
  EXPECT_TRUE(runtime.alive(supervisor));
}

TEST_F(SupervisorRequests, a_start_that_ignores_keeps_the_specification_unless_temporary) {
  start({Strategy::one_for_one, {}, {}, {}});
  ChildSpec absent = child("a");
  absent.start = [](Runtime&) -> Result<Pid, StartError> { return Pid{}; };
  EXPECT_EQ(add(absent), "ok");
  absent.id = "b";
  absent.restart = Restart::temporary;
  EXPECT_EQ(add(absent), "ok");
  EXPECT_EQ(ask("which_children"), "[{a,undefined,worker,dynamic}]");
}

TEST_F(SupervisorRequests, terminate_child_answers_when_the_child_has_ended) {
  start({Strategy::one_for_one, {}, {child<Stubborn>("a")}, {}});
  const Instant before = scheduler.clock().now();
  EXPECT_EQ(ask("terminate_child", "a"), "ok");
  EXPECT_GE(scheduler.clock().now() - before, shutdown_timeout_default);
  EXPECT_FALSE(up("a"));
  EXPECT_EQ(ask("which_children"), "[{a,undefined,worker,dynamic}]");
  EXPECT_EQ(ask("terminate_child", "a"), "ok") << "OTP: also when it does not run";
  EXPECT_EQ(ask("terminate_child", "x"), "{error,not_found}");
}

TEST_F(SupervisorRequests, terminate_child_forgets_a_temporary_child) {
  start({Strategy::one_for_one, {}, {child("a", Restart::temporary)}, {}});
  EXPECT_EQ(ask("terminate_child", "a"), "ok");
  EXPECT_EQ(ask("which_children"), "[]");
}

TEST_F(SupervisorRequests, restart_child_starts_what_was_terminated_and_nothing_else) {
  start({Strategy::one_for_one, {}, {child("a")}, {}});
  EXPECT_EQ(ask("restart_child", "a"), "{error,running}");
  EXPECT_EQ(ask("restart_child", "x"), "{error,not_found}");
  ask("terminate_child", "a");
  failing_starts["a"] = 1;
  EXPECT_EQ(ask("restart_child", "a"), "{error,not_today}");
  const std::string answer = ask("restart_child", "a");
  EXPECT_EQ(answer, "{ok," + Term::pid(*runtime.whereis("a")).text() + "}");
  EXPECT_EQ(ask("restart_counts"), "#{a => 0}");
}

TEST_F(SupervisorRequests, delete_child_takes_only_what_does_not_run) {
  start({Strategy::one_for_one, {}, {child("a")}, {}});
  EXPECT_EQ(ask("delete_child", "a"), "{error,running}");
  ask("terminate_child", "a");
  EXPECT_EQ(ask("delete_child", "a"), "ok");
  EXPECT_EQ(ask("delete_child", "a"), "{error,not_found}");
  EXPECT_EQ(add(child("a")), "ok");
}

TEST_F(SupervisorRequests, a_terminated_child_comes_back_with_its_siblings) {
  start({Strategy::one_for_all, {}, {child("a"), child("b")}, {}});
  ask("terminate_child", "a");
  tell("b", Crash{});
  EXPECT_TRUE(up("a"));
  EXPECT_TRUE(up("b"));
}

TEST_F(SupervisorRequests, wait_for_the_restart_that_is_under_way) {
  start({Strategy::one_for_all, {}, {child("a"), child<Stubborn>("b")}, {}});
  {
    const RuntimeScope scope(runtime);
    troupe::send("a", Crash{});
  }
  scheduler.run_for(1s);  // b is being waited for.
  take_story();
  EXPECT_EQ(add(child("c")), "ok");
  EXPECT_EQ(take_story(), (Texts{"end b", "start a", "start b", "start c"}));
}

TEST_F(SupervisorRequests, a_request_that_waits_learns_of_the_end_of_the_supervisor) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {child<Stubborn>("a")}, {}});
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_for(1s);  // a is being waited for.
  EXPECT_EQ(ask("terminate_child", "a"), "the process ended before it replied: shutdown");
}

TEST_F(SupervisorRequests, two_children_whose_starts_fail_at_once_are_both_tried_again) {
  start({Strategy::one_for_one, {10, 5s}, {child("a"), child("b")}, {}});
  failing_starts["a"] = 1;
  failing_starts["b"] = 1;
  {
    const RuntimeScope scope(runtime);
    troupe::send("a", Crash{});
    troupe::send("b", Crash{});
  }
  scheduler.run_until_idle();
  EXPECT_TRUE(up("a"));
  EXPECT_TRUE(up("b"));
}

TEST_F(SupervisorRequests, a_start_that_failed_is_tried_again_although_a_sibling_is_being_stopped) {
  ChildSpec restless = child("a");
  int starts = 0;
  restless.start = [&, first = restless.start](Runtime& here) -> Result<Pid, StartError> {
    if (++starts != 2) {
      return first(here);
    }
    // Arrives before the next attempt is due.
    const Pid supervisor = troupe::self();
    here.post(supervisor,
              Term::tuple({Term::atom("$gen_call"), Term::tuple({Term::pid(supervisor), Term::atom("nobody")}),
                           request("terminate_child", Term::atom("b"))}));
    return StartError{Term::atom("not_today")};
  };
  start({Strategy::one_for_one, {10, 5s}, {restless, child<Stubborn>("b")}, {}});
  tell("a", Crash{});
  EXPECT_FALSE(up("b"));
  EXPECT_TRUE(up("a"));
  EXPECT_EQ(starts, 3);
}

TEST_F(SupervisorRequests, any_significant_child_that_ends_takes_the_supervisor_down) {
  ChildSpec significant = child("b", Restart::transient);
  significant.significant = true;
  const Pid supervisor =
      start({Strategy::one_for_one, {}, {child("a"), significant}, {}, AutoShutdown::any_significant});
  tell("b", Crash{});
  EXPECT_TRUE(runtime.alive(supervisor)) << "it starts again";
  tell("b", Quit{Term::atom("normal")});
  EXPECT_FALSE(runtime.alive(supervisor));
  EXPECT_FALSE(up("a"));
}

TEST_F(SupervisorRequests, all_significant_children_must_end_where_it_says_so) {
  ChildSpec first = child("a", Restart::transient);
  ChildSpec second = child("b", Restart::temporary);
  first.significant = second.significant = true;
  const Pid supervisor =
      start({Strategy::one_for_one, {}, {first, second, child("c")}, {}, AutoShutdown::all_significant});
  tell("b", Crash{});
  EXPECT_TRUE(runtime.alive(supervisor));
  tell("a", Quit{Term::atom("shutdown")});
  EXPECT_FALSE(runtime.alive(supervisor));
}

TEST_F(SupervisorRequests, terminate_child_of_a_significant_child_is_no_automatic_shutdown) {
  ChildSpec significant = child("a", Restart::transient);
  significant.significant = true;
  const Pid supervisor = start({Strategy::one_for_one, {}, {significant}, {}, AutoShutdown::any_significant});
  EXPECT_EQ(ask("terminate_child", "a"), "ok");
  EXPECT_TRUE(runtime.alive(supervisor));
}

TEST_F(SupervisorRequests, significant_children_where_there_can_be_none_are_refused) {
  ChildSpec significant = child("a", Restart::transient);
  significant.significant = true;
  auto started = start_supervisor(runtime, {Strategy::one_for_one, {}, {significant}, {}});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "{bad_child_specs,{bad_combination,[{auto_shutdown,never},{significant,true}]}}");
  start({Strategy::one_for_one, {}, {}, {}, AutoShutdown::any_significant});
  significant.restart = Restart::permanent;
  EXPECT_EQ(add(significant), "{bad_combination,[{restart,permanent},{significant,true}]}");
}

TEST_F(SupervisorRequests, specifications_that_cannot_work_are_refused) {
  start({Strategy::one_for_one, {}, {}, {}});
  EXPECT_EQ(add(child("")), "{invalid_child_id,<<>>}");
  EXPECT_EQ(add(child(std::string(256, 'x'))).substr(0, 20), "{invalid_child_id,<<");
  ChildSpec without_start;
  without_start.id = "a";
  EXPECT_EQ(add(without_start), "{invalid_mfa,undefined}");
}

TEST_F(SupervisorRequests, a_specification_cannot_come_as_a_term) {
  const Pid supervisor = start({Strategy::one_for_one, {}, {}, {}});
  EXPECT_EQ(ask("add_child", "local"), "{error,{unknown_request,{add_child,local}}}");
  EXPECT_TRUE(runtime.alive(supervisor));
}

}  // namespace
}  // namespace troupe
