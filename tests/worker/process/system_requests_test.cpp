// What sys:suspend, resume, terminate and log do to any process, and the lists of those that have most.
#include "tests/seeds.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "worker/process/message_trace.hpp"
#include "worker/process/system_call.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Say {
  std::int64_t number = 0;
};
struct Relay {
  Pid to;
};
struct Bulk {
  std::string bytes;
};

/// Notes what it is told, and has more memory than others.
class Listener : public PuppetBase {
 public:
  using messages = troupe::messages<Say, Relay, Bulk>;
  explicit Listener(Seen seen) : PuppetBase(std::move(seen)) {}
  void handle(Say say) { note(std::to_string(say.number)); }
  void handle(Relay relay) { troupe::send(relay.to, Say{7}); }
  void handle(const Bulk&) {}
  [[nodiscard]] std::int64_t save() const { return 42; }

 private:
  [[maybe_unused]] std::array<char, 10'000> ballast_{};
};

class SystemRequests : public SimulatedNode {
 protected:
  std::string ask(const Destination& to, Term what) {
    const auto reply = system_call(runtime, to, std::move(what), 1s);
    return reply ? reply->text() : reply.error().message;
  }
  std::string ask(const Destination& to, std::string_view what) { return ask(to, atom(what)); }
  static Term log(Term what) { return Term::tuple({atom("debug"), Term::tuple({atom("log"), std::move(what)})}); }
  void say(const Pid& pid, std::int64_t number) {
    runtime.post(pid, Term::tuple({atom("say"), Term::integer(number)}));
  }
  std::string events(const Pid& pid) { return ask(pid, log(atom("get"))); }

  Seen seen = nothing_seen();
};

using Texts = std::vector<std::string>;

TEST_F(SystemRequests, a_suspended_process_handles_nothing_until_it_is_resumed) {
  const Pid listener = runtime.spawn<Listener>(seen);
  say(listener, 1);
  EXPECT_EQ(ask(listener, "suspend"), "ok");
  say(listener, 2);
  say(listener, 3);
  settle();
  EXPECT_EQ(*seen, Texts{"1"});
  EXPECT_TRUE(runtime.process_info(listener)->suspended);
  EXPECT_EQ(runtime.process_info(listener)->mailbox_length, 2U);
  EXPECT_EQ(ask(listener, "get_state"), "42");
  EXPECT_NE(ask(listener, "get_status").find(",suspended,"), std::string::npos);
  say(listener, 4);
  EXPECT_EQ(ask(listener, "resume"), "ok");
  settle();
  EXPECT_EQ(*seen, (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(runtime.process_info(listener)->mailbox_length, 0U);
}

TEST_F(SystemRequests, suspending_and_resuming_keeps_every_message_and_its_order) {
  test::for_each_seed(50, 2'000, [&](std::uint64_t seed) {
    SimulatedScheduler own_scheduler(seed);
    Runtime own_runtime(own_scheduler);
    const Seen own_seen = nothing_seen();
    const Pid listener = own_runtime.spawn<Listener>(own_seen);
    SeededRandom choices(seed);
    Texts expected;
    for (int number = 0; number < 200; ++number) {
      expected.push_back(std::to_string(number));
      own_runtime.post(listener, Term::tuple({atom("say"), Term::integer(number)}));
      if (choices.below(4) == 0) {
        const Term what = atom(choices.below(2) == 0 ? "suspend" : "resume");
        ASSERT_TRUE(system_call(own_runtime, listener, what, 1s).ok());
      }
    }
    ASSERT_TRUE(system_call(own_runtime, listener, atom("resume"), 1s).ok());
    own_scheduler.run_until_idle();
    ASSERT_EQ(*own_seen, expected);
  });
}

TEST_F(SystemRequests, a_suspended_process_still_obeys_exits) {
  const Pid listener = runtime.spawn<Listener>(seen);
  EXPECT_EQ(ask(listener, "suspend"), "ok");
  runtime.exit(listener, atom("enough"));
  settle();
  EXPECT_FALSE(runtime.alive(listener));
}

TEST_F(SystemRequests, a_suspended_process_that_traps_exits_obeys_its_parent_alone) {
  const Pid parent = puppet(nothing_seen());
  Pid child;
  run_in(parent, [&] { child = troupe::spawn_link<TrappingPuppet>(seen, acts); });
  EXPECT_EQ(ask(child, "suspend"), "ok");
  runtime.exit(child, atom("a_stranger"));
  settle();
  EXPECT_TRUE(runtime.alive(child));
  EXPECT_EQ(*seen, Texts{});
  runtime.exit(parent, atom("shutdown"));
  settle();
  EXPECT_FALSE(runtime.alive(child));
}

/// Ends after it has heard of the end of another.
class Mourner : public PuppetBase {
 public:
  static constexpr bool handles_parent_exit = true;
  using messages = troupe::messages<Say>;
  Mourner(Seen seen, const Pid& other) : PuppetBase(std::move(seen)), other_(other) { troupe::monitor(other_); }
  void handle(Say say) { note(std::to_string(say.number)); }
  void handle(const Exit&) { troupe::exit(other_, atom("shutdown")); }
  void handle(const Down& down) { troupe::exit(down.reason); }

 private:
  Pid other_;
};

TEST_F(SystemRequests, a_suspended_process_that_is_told_to_end_is_suspended_no_longer) {
  const Pid parent = puppet<TrappingPuppet>(nothing_seen());
  const Pid other = puppet(nothing_seen());
  Pid child;
  run_in(parent, [&] { child = troupe::spawn_link<Mourner>(seen, other); });
  const Pid without_parent = runtime.spawn<Mourner>(seen, puppet(nothing_seen()));
  for (const Pid& pid : {child, without_parent}) {
    EXPECT_EQ(ask(pid, "suspend"), "ok");
  }
  run_in(parent, [&] { troupe::exit(child, atom("shutdown")); });
  runtime.exit(without_parent, atom("shutdown"));
  settle();
  EXPECT_FALSE(runtime.alive(child));
  EXPECT_FALSE(runtime.alive(without_parent));
}

TEST_F(SystemRequests, the_mailbox_of_a_suspended_process_stays_bounded) {
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_messages_max = 10;
  const Pid listener = troupe::spawn_with<Listener>(options, seen);
  settle();
  EXPECT_EQ(ask(listener, "suspend"), "ok");
  for (int number = 0; number < 10; ++number) {
    EXPECT_EQ(troupe::send(listener, Say{number}), SendResult::sent);
    settle();
  }
  EXPECT_EQ(troupe::send(listener, Say{10}), SendResult::full);
}

TEST_F(SystemRequests, terminate_ends_a_process_with_the_reason_that_is_given) {
  const Pid listener = runtime.spawn<Listener>(seen);
  const Seen watching = nothing_seen();
  run_in(puppet(watching), [&] { troupe::monitor(listener); });
  EXPECT_EQ(ask(listener, Term::tuple({atom("terminate"), atom("shutdown")})), "ok");
  settle();
  EXPECT_EQ(*watching, Texts{"down shutdown"});
}

TEST_F(SystemRequests, to_nobody_fail_at_once_and_to_the_busy_after_their_timeout) {
  EXPECT_EQ(ask("nobody", "suspend"), "no such process (noproc)");
  EXPECT_EQ(ask(runtime.spawn<Listener>(seen), Term::tuple({atom("debug"), atom("dance")})), "unknown_debug");
}

TEST_F(SystemRequests, log_keeps_what_a_process_receives_and_sends) {
  const Pid other = runtime.spawn<Listener>(nothing_seen());
  const Pid listener = runtime.spawn<Listener>(seen);
  EXPECT_EQ(events(listener), "{ok,[]}");
  EXPECT_EQ(ask(listener, log(atom("true"))), "ok");
  say(listener, 1);
  const RuntimeScope scope(runtime);
  troupe::send(listener, Relay{other});
  settle();
  const std::string to = Term::pid(other).text();
  EXPECT_EQ(events(listener), "{ok,[{in,{say,1}},{in,{relay," + to + "}},{out,{say,7}," + to + "}]}");
  EXPECT_EQ(ask(listener, log(atom("false"))), "ok");
  say(listener, 2);
  settle();
  EXPECT_EQ(events(listener), "{ok,[]}");
}

TEST_F(SystemRequests, log_shows_calls_replies_and_the_runtimes_own_messages) {
  const Pid counter = runtime.spawn<Counter>();
  const Seen answers = nothing_seen();
  const Pid asking = puppet(answers);
  for (const Pid& pid : {counter, asking}) {
    EXPECT_EQ(ask(pid, log(Term::tuple({atom("true"), Term::integer(100)}))), "ok");
  }
  run_in(asking, [&] {
    troupe::monitor("nobody");
    troupe::send_request(counter, Read{}, 1s);
  });
  const std::string pid = Term::pid(asking).text();
  const std::string counter_saw = events(counter);
  EXPECT_EQ(counter_saw.find("{ok,[{in,{'$gen_call',{" + pid + ",[alias|#Ref<"), 0U) << counter_saw;
  EXPECT_NE(counter_saw.find("]},read}},{out,{#Ref<"), std::string::npos) << counter_saw;
  EXPECT_NE(counter_saw.find(",0}," + pid + "}"), std::string::npos) << counter_saw;
  const std::string asking_saw = events(asking);
  EXPECT_NE(asking_saw.find("{in,{'DOWN',#Ref<"), std::string::npos) << asking_saw;
  EXPECT_NE(asking_saw.find("{out,{'$gen_call',{" + pid), std::string::npos) << asking_saw;
  EXPECT_NE(asking_saw.find(",0}}]}"), std::string::npos) << asking_saw;
}

TEST_F(SystemRequests, log_keeps_the_newest_and_no_large_message) {
  const Pid listener = runtime.spawn<Listener>(seen);
  EXPECT_EQ(ask(listener, log(Term::tuple({atom("true"), Term::integer(2)}))), "ok");
  say(listener, 1);
  say(listener, 2);
  runtime.post(listener, Term::tuple({atom("bulk"), Term::binary(std::string(100'000, 'x'))}));
  settle();
  const std::string kept = events(listener);
  EXPECT_EQ(kept.find("{ok,[{in,{say,2}},{in,{large,bulk,100"), 0U) << kept;
  EXPECT_LT(kept.size(), 100U);
}

TEST(MessageTrace, notes_no_more_in_a_second_than_its_cap_and_counts_the_rest) {
  MessageTrace trace(3);
  const Instant start{10s};
  for (std::uint32_t event = 0; event < MessageTrace::events_per_second_max; ++event) {
    EXPECT_TRUE(trace.admits(start));
  }
  EXPECT_FALSE(trace.admits(start + 999ms));
  EXPECT_FALSE(trace.admits(start + 999ms));
  EXPECT_TRUE(trace.admits(start + 1s));
  trace.add(atom("event"));
  EXPECT_EQ(trace.events().text(), "[{skipped,2},event]");
}

TEST_F(SystemRequests, the_processes_with_most_of_something_come_first) {
  const Pid idle = runtime.spawn<Counter>();
  const Pid busy = runtime.spawn<Counter>();
  const Pid large = runtime.spawn<Listener>(seen);
  for (int count = 0; count < 5; ++count) {
    runtime.post(busy, Term::tuple({atom("add"), Term::integer(1)}));
  }
  settle();
  runtime.post(idle, Term::tuple({atom("add"), Term::integer(1)}));
  EXPECT_EQ(runtime.top(TopBy::reductions, 1).at(0).pid, busy);
  EXPECT_EQ(runtime.top(TopBy::mailbox, 1).at(0).pid, idle);
  const auto by_memory = runtime.top(TopBy::memory, 2);
  ASSERT_EQ(by_memory.size(), 2U);
  EXPECT_EQ(by_memory[0].pid, large);
  EXPECT_GE(by_memory[0].memory_bytes, 10'000U);
  EXPECT_GE(by_memory[0].memory_bytes, by_memory[1].memory_bytes);
  EXPECT_EQ(runtime.top(TopBy::memory, 100).size(), 3U);
  EXPECT_TRUE(runtime.top(TopBy::memory, 0).empty());
}

TEST_F(SystemRequests, memory_counts_large_messages_that_wait) {
  const Pid listener = runtime.spawn<Listener>(seen);
  settle();
  const std::uint64_t before = runtime.process_info(listener)->memory_bytes;
  runtime.post(listener, Term::tuple({atom("bulk"), Term::binary(std::string(100'000, 'x'))}));
  EXPECT_GE(runtime.process_info(listener)->memory_bytes, before + 100'000);
  settle();
  EXPECT_EQ(runtime.process_info(listener)->memory_bytes, before);
}

}  // namespace
}  // namespace troupe
