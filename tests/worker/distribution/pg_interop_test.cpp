// Process groups of a Runtime beside OTP's own pg in a real Erlang node.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/worker/distribution/node_beside_erlang.hpp"

namespace troupe {
namespace {

using std::chrono::seconds;

struct Stop {};

/// A member: prints nothing, ends when told.
struct Member {
  using messages = troupe::messages<Stop>;
  void handle(Stop) { troupe::exit(Term::atom("normal")); }
};

struct PgInterop : test::NodeBesideErlang {
  std::unique_ptr<test::ChildProgram> run_with_pg(const std::string& code) const {
    return run_erlang(
        "pg:start_link(), "
        "Wait = fun W(F) -> case F() of true -> ok; _ -> receive after 10 -> W(F) end end end, " +
        code);
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
};

TEST_F(PgInterop, members_on_both_sides_see_each_other_join_leave_and_end) {
  const Pid member = runtime.spawn<Member>();
  groups->join("g", member);
  const auto erl = run_with_pg(
      "pg:join(g, self()), pong = net_adm:ping(T), "
      "Wait(fun() -> length(pg:get_members(g)) =:= 2 end), "
      "[P] = pg:get_members(g) -- [self()], T = node(P), io:format(\"joined~n\"), "
      "Wait(fun() -> length(pg:get_members(h)) =:= 2 end), io:format(\"twice~n\"), "
      "Wait(fun() -> length(pg:get_members(h)) =:= 1 end), io:format(\"left~n\"), "
      "Wait(fun() -> pg:get_members(g) =:= [self()] andalso pg:get_members(h) =:= [] end), io:format(\"ended~n\"), "
      "pg:leave(g, self()), receive after infinity -> ok end.");
  ASSERT_TRUE(erl->prints("joined")) << erl->output();
  EXPECT_TRUE(eventually([&] { return groups->members("g").size() == 2; }));
  groups->join("h", member);
  groups->join("h", member);
  EXPECT_TRUE(erl->prints("twice")) << erl->output();
  EXPECT_TRUE(groups->leave("h", member));
  EXPECT_TRUE(erl->prints("left")) << erl->output();
  groups->process_ended(member);
  EXPECT_TRUE(erl->prints("ended")) << erl->output();
  EXPECT_TRUE(eventually([&] { return groups->members("g").empty(); }));
}

TEST_F(PgInterop, members_of_a_node_vanish_with_it) {
  auto erl =
      run_with_pg("pg:join(g, self()), pong = net_adm:ping(T), io:format(\"up~n\"), receive after infinity -> ok end.");
  ASSERT_TRUE(erl->prints("up")) << erl->output();
  EXPECT_TRUE(eventually([&] { return groups->members("g").size() == 1; }));
  erl->kill();
  EXPECT_TRUE(eventually([&] { return groups->members("g").empty(); }));
}

TEST_F(PgInterop, a_process_of_the_runtime_is_called_monitored_and_lost_as_one_of_erlang) {
  const Pid member = runtime.spawn<Member>();
  ASSERT_TRUE(runtime.register_name("member", member));
  const auto erl = run_with_pg(
      "R = monitor(process, {member, T}), {member, T} ! stop, "
      "receive {'DOWN', R, process, {member, T}, Why} -> io:format(\"down ~p~n\", [Why]) end.");
  EXPECT_TRUE(erl->prints("down normal")) << erl->output();
}

}  // namespace
}  // namespace troupe
