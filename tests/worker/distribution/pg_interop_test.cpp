// Process groups of a Runtime beside OTP's own pg in a real Erlang node.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "platform/event_loop.hpp"
#include "platform/os_random.hpp"
#include "tests/worker/distribution/erlang_node.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/distribution/pg_groups.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using std::chrono::seconds;

struct Stop {};

/// A member: prints nothing, ends when told.
struct Member {
  using messages = troupe::messages<Stop>;
  void handle(Stop) { troupe::exit(Term::atom("normal")); }
};

struct PgInterop : testing::Test {
  static constexpr std::uint32_t creation = 4'711;

  PgInterop() : epmd(test::start_epmd(epmd_port)) {
    static const bool named = (name_this_node("t@127.0.0.2", creation), true);
    EXPECT_TRUE(named);
    DistributionOptions options;
    options.node_name = "t@127.0.0.2";
    options.creation = creation;
    options.cookies = {"cookie"};
    options.listen = {"127.0.0.2", 0};
    options.epmd_port = epmd_port;
    distribution = std::make_unique<Distribution>(loop, loop, platform::os_random(), runtime, std::move(options));
    EXPECT_TRUE(distribution->start().ok());
    runtime.set_remote_nodes(distribution.get());
    groups = std::make_unique<PgGroups>(runtime, *distribution);
    runtime.set_groups(groups.get());
    thread = std::thread([this] { loop.run(); });
  }
  ~PgInterop() override {
    runtime.set_groups(nullptr);
    groups.reset();
    runtime.set_remote_nodes(nullptr);
    loop.stop();
    thread.join();
    distribution.reset();
  }

  std::unique_ptr<test::ChildProgram> run_erlang(const std::string& code) const {
    return test::start_erlang(epmd_port, "cookie",
                              "T = 't@127.0.0.2', pg:start_link(), Wait = fun W(F) -> case F() of true -> ok; _ -> "
                              "receive after 10 -> W(F) end end end, " +
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

  std::uint16_t epmd_port = test::free_port();
  platform::AsioLoop loop;
  ThreadedScheduler scheduler{platform::real_clock(), {}};
  Runtime runtime{scheduler};
  std::unique_ptr<test::ChildProgram> epmd;
  std::unique_ptr<Distribution> distribution;
  std::unique_ptr<PgGroups> groups;
  std::thread thread;
};

TEST_F(PgInterop, members_on_both_sides_see_each_other_join_leave_and_end) {
  const Pid member = runtime.spawn<Member>();
  groups->join("g", member);
  const auto erl = run_erlang(
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
      run_erlang("pg:join(g, self()), pong = net_adm:ping(T), io:format(\"up~n\"), receive after infinity -> ok end.");
  ASSERT_TRUE(erl->prints("up")) << erl->output();
  EXPECT_TRUE(eventually([&] { return groups->members("g").size() == 1; }));
  erl->kill();
  EXPECT_TRUE(eventually([&] { return groups->members("g").empty(); }));
}

TEST_F(PgInterop, a_process_of_the_runtime_is_called_monitored_and_lost_as_one_of_erlang) {
  const Pid member = runtime.spawn<Member>();
  ASSERT_TRUE(runtime.register_name("member", member));
  const auto erl = run_erlang(
      "R = monitor(process, {member, T}), {member, T} ! stop, "
      "receive {'DOWN', R, process, {member, T}, Why} -> io:format(\"down ~p~n\", [Why]) end.");
  EXPECT_TRUE(erl->prints("down normal")) << erl->output();
}

}  // namespace
}  // namespace troupe
