// simple_one_for_one: children from one template, told apart by their pids.
#include "worker/supervision/dynamic_supervisor.hpp"

#include "tests/worker/supervision/supervisors.hpp"

namespace troupe {
namespace {

class DynamicSupervisors : public Supervisors {
 protected:
  /// Children are named by the one atom in their arguments.
  template <class S = Worker>
  DynamicSupervisorSpec spec(Restart restart = Restart::permanent) {
    DynamicSupervisorSpec spec;
    spec.restart = restart;
    spec.start = [this](Runtime& here, const Term& arguments) {
      return child<S>(std::string(*(*arguments.as_list())[0].as_atom())).start(here);
    };
    return spec;
  }
  Pid start(DynamicSupervisorSpec spec) {
    auto started = start_dynamic_supervisor(runtime, std::move(spec), "supervisor");
    EXPECT_TRUE(started.ok());
    return *started;
  }
  std::string start_one(const std::string& name) { return ask(request("start_child", Term::list({Term::atom(name)}))); }
  Pid pid_of(const std::string& name) { return runtime.whereis(name).value_or(Pid{}); }
  std::string terminate(const Pid& pid) { return ask(request("terminate_child", Term::pid(pid))); }
};

TEST_F(DynamicSupervisors, start_with_no_child_and_take_as_many_as_are_asked_for) {
  start(spec());
  EXPECT_EQ(ask("which_children"), "[]");
  const std::string answer = start_one("a");
  EXPECT_EQ(answer, "{ok," + Term::pid(pid_of("a")).text() + "}");
  start_one("b");
  EXPECT_EQ(ask("count_children"), "[{specs,1},{active,2},{supervisors,0},{workers,2}]");
}

TEST_F(DynamicSupervisors, restart_a_child_with_its_own_arguments) {
  start(spec());
  start_one("a");
  start_one("b");
  const Pid before = pid_of("a");
  tell("a", Crash{});
  EXPECT_TRUE(up("a"));
  EXPECT_NE(pid_of("a"), before);
  EXPECT_EQ(ask("which_children").find("restarting"), std::string::npos);
}

TEST_F(DynamicSupervisors, forget_a_temporary_child_that_ended) {
  start(spec(Restart::temporary));
  start_one("a");
  tell("a", Crash{});
  EXPECT_EQ(ask("which_children"), "[]");
}

TEST_F(DynamicSupervisors, terminate_children_by_pid_alone) {
  start(spec());
  start_one("a");
  const Pid pid = pid_of("a");
  EXPECT_EQ(ask("terminate_child", "a"), "{error,simple_one_for_one}");
  EXPECT_EQ(ask("restart_child", "a"), "{error,simple_one_for_one}");
  EXPECT_EQ(ask("delete_child", "a"), "{error,simple_one_for_one}");
  EXPECT_EQ(terminate(pid), "ok");
  EXPECT_FALSE(up("a"));
}

TEST_F(DynamicSupervisors, have_terminated_whoever_has_ended_and_know_no_stranger) {
  start(spec(Restart::temporary));
  start_one("a");
  const Pid pid = pid_of("a");
  tell("a", Crash{});
  EXPECT_EQ(terminate(pid), "ok") << "the caller could not know; OTP answers the same";
  EXPECT_EQ(terminate(runtime.spawn<Worker>("stranger", story)), "{error,not_found}");
  Pid elsewhere = pid;
  elsewhere.node = 1;
  EXPECT_EQ(terminate(elsewhere), "{error,not_found}");
}

TEST_F(DynamicSupervisors, serve_others_while_a_child_takes_its_time_to_end) {
  const Pid supervisor = start(spec<Stubborn>());
  start_one("a");
  const Pid slow = pid_of("a");
  runtime.post(supervisor,
               Term::tuple({Term::atom("$gen_call"), Term::tuple({Term::pid(supervisor), Term::atom("nobody")}),
                            request("terminate_child", Term::pid(slow))}));
  const Instant before = scheduler.clock().now();
  start_one("b");
  EXPECT_TRUE(up("b"));
  EXPECT_TRUE(runtime.alive(slow));
  EXPECT_LT(scheduler.clock().now() - before, 1s);
  scheduler.run_for(6s);
  EXPECT_FALSE(runtime.alive(slow));
  EXPECT_TRUE(up("b"));
}

TEST_F(DynamicSupervisors, stop_all_children_at_once_within_one_timeout) {
  const Pid supervisor = start(spec<Stubborn>());
  for (const char* name : {"a", "b", "c"}) {
    start_one(name);
  }
  const Instant before = scheduler.clock().now();
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_until_idle();
  EXPECT_EQ(runtime.counters().processes, 0u);
  EXPECT_GE(scheduler.clock().now() - before, shutdown_timeout_default);
  EXPECT_LT(scheduler.clock().now() - before, shutdown_timeout_default + 1s);
}

TEST_F(DynamicSupervisors, that_stop_answer_nobody_who_wants_a_change) {
  const Pid supervisor = start(spec<Stubborn>());
  start_one("a");
  runtime.exit(supervisor, Term::atom("shutdown"));
  scheduler.run_for(1s);  // a is being waited for.
  const std::string gone = "the process ended before it replied: shutdown";
  EXPECT_EQ(ask("delete_child", "a"), gone);
  start(spec<Stubborn>());
  start_one("a");
  runtime.exit(*runtime.whereis("supervisor"), Term::atom("shutdown"));
  EXPECT_EQ(terminate(pid_of("a")), gone);
}

TEST_F(DynamicSupervisors, count_the_restarts_of_all_children_together) {
  const Pid supervisor = start(spec());
  start_one("a");
  start_one("b");
  tell("a", Crash{});
  EXPECT_TRUE(runtime.alive(supervisor));
  tell("b", Crash{});
  EXPECT_FALSE(runtime.alive(supervisor));
  EXPECT_EQ(runtime.counters().processes, 0u);
}

TEST_F(DynamicSupervisors, try_a_start_that_failed_again) {
  DynamicSupervisorSpec patient = spec();
  patient.intensity = {3, 5s};
  start(patient);
  start_one("a");
  failing_starts["a"] = 2;
  tell("a", Crash{});
  EXPECT_TRUE(up("a"));
  failing_starts["a"] = 1;
  EXPECT_EQ(start_one("b").substr(0, 4), "{ok,");
  tell("a", Crash{});
  EXPECT_FALSE(up("supervisor")) << "the fourth restart within five seconds";
}

TEST_F(DynamicSupervisors, answer_the_reason_of_a_start_that_failed) {
  start(spec());
  failing_starts["a"] = 1;
  EXPECT_EQ(start_one("a"), "{error,not_today}");
  EXPECT_EQ(ask("which_children"), "[]");
}

TEST_F(DynamicSupervisors, shut_down_with_the_last_significant_child) {
  DynamicSupervisorSpec significant = spec(Restart::temporary);
  significant.significant = true;
  significant.auto_shutdown = AutoShutdown::all_significant;
  const Pid supervisor = start(significant);
  start_one("a");
  start_one("b");
  tell("a", Crash{});
  EXPECT_TRUE(runtime.alive(supervisor));
  tell("b", Quit{Term::atom("normal")});
  EXPECT_FALSE(runtime.alive(supervisor));
}

TEST_F(DynamicSupervisors, shut_down_with_the_last_significant_child_although_another_is_being_terminated) {
  DynamicSupervisorSpec significant = spec<Stubborn>(Restart::temporary);
  significant.significant = true;
  significant.auto_shutdown = AutoShutdown::all_significant;
  const Pid supervisor = start(significant);
  start_one("a");
  start_one("b");
  runtime.post(supervisor,
               Term::tuple({Term::atom("$gen_call"), Term::tuple({Term::pid(supervisor), Term::atom("nobody")}),
                            request("terminate_child", Term::pid(pid_of("a")))}));
  tell("b", Quit{Term::atom("normal")});
  EXPECT_FALSE(runtime.alive(supervisor));
  EXPECT_EQ(runtime.counters().processes, 0u);
}

TEST_F(DynamicSupervisors, refuse_more_children_than_their_bound) {
  DynamicSupervisorSpec small = spec();
  small.children_max = 1;
  start(small);
  start_one("a");
  EXPECT_EQ(start_one("b"), "{error,max_children}");
}

TEST_F(DynamicSupervisors, cannot_be_without_a_start_function) {
  auto started = start_dynamic_supervisor(runtime, {});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "{bad_start_spec,{invalid_mfa,undefined}}");
}

struct Where {
  using Reply = std::string;
};
class Place {
 public:
  struct Args {
    std::string town = "Oslo";
    std::int64_t number = 1;
  };
  using messages = troupe::messages<Where>;
  explicit Place(Args args) : args_(std::move(args)) {}
  std::string handle(Where) const { return args_.town + " " + std::to_string(args_.number); }

 private:
  Args args_;
};

TEST_F(DynamicSupervisors, lay_the_arguments_of_a_request_over_those_of_the_template) {
  DynamicSupervisorSpec places;
  places.start = process_template(abi::process_class<Place>, Term::map({{Term::atom("number"), Term::integer(7)}}));
  start(places);
  const auto answer = runtime.call(
      "supervisor", request("start_child", Term::list({Term::map({{Term::atom("town"), Term::binary("Rome")}})})), 1s);
  ASSERT_TRUE(answer.ok() && answer->is_tagged("ok", 2)) << answer->text();
  const auto where = runtime.call(*(*answer->as_tuple())[1].as_pid(), Term::atom("where"), 1s);
  EXPECT_EQ(where->text(), "<<\"Rome 7\">>");
  EXPECT_EQ(ask(request("start_child", Term::atom("none"))).substr(0, 22), "{error,{bad_arguments,");
}

}  // namespace
}  // namespace troupe
