// Monitors, names, timers and requests.
#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
class Monitors : public SimulatedNode {};
class NamesAndTimers : public SimulatedNode {};
class Requests : public SimulatedNode {};

using Texts = std::vector<std::string>;

TEST_F(Monitors, fire_once_with_the_exit_reason) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid other = puppet(nothing_seen());
  run_in(watcher, [=] { troupe::monitor(other); });
  run_in(other, [] { troupe::exit(Term::tuple({atom("bad"), Term::integer(1)})); });
  EXPECT_EQ(*seen, Texts{"down {bad,1}"});
}

TEST_F(Monitors, several_on_one_process_all_fire) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid other = puppet(nothing_seen());
  run_in(watcher, [=] {
    troupe::monitor(other);
    troupe::monitor(other);
  });
  run_in(other, [] { troupe::exit(atom("normal")); });
  EXPECT_EQ(*seen, (Texts{"down normal", "down normal"}));
}

TEST_F(Monitors, of_nobody_fire_noproc) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid gone = puppet(nothing_seen());
  run_in(gone, [] { troupe::exit(atom("normal")); });
  run_in(watcher, [=] { troupe::monitor(gone); });
  run_in(watcher, [=] { troupe::monitor("nobody"); });
  EXPECT_EQ(*seen, (Texts{"down noproc", "down nobody noproc"}));
}

TEST_F(Monitors, do_not_fire_after_demonitor_even_when_down_was_already_queued) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid other = puppet(nothing_seen());
  auto reference = std::make_shared<Reference>();
  run_in(watcher, [=] { *reference = troupe::monitor(other); });
  tell(other, [] { troupe::exit(atom("boom")); });
  // The puppet's next turn finds the Down behind this act.
  tell(watcher, [=] { troupe::demonitor(*reference); });
  settle();
  run_in(watcher, [=] { troupe::demonitor(*reference); });
  const Seen second_seen = nothing_seen();
  EXPECT_LE(seen->size(), 1u);  // Depending on the schedule the Down came before the demonitor.
  EXPECT_TRUE(runtime.process_info(watcher)->monitors.empty());
}

TEST_F(Monitors, by_name_tell_the_name) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid other = puppet(nothing_seen());
  ASSERT_TRUE(runtime.register_name("other", other));
  run_in(watcher, [] { troupe::monitor("other"); });
  run_in(other, [] { troupe::exit(atom("boom")); });
  EXPECT_EQ(*seen, Texts{"down other boom"});
}

TEST_F(Monitors, of_a_process_on_itself_are_none) {
  const Pid one = puppet(nothing_seen());
  ASSERT_TRUE(runtime.register_name("one", one));
  run_in(one, [=] {
    EXPECT_TRUE(troupe::monitor(one).valid());
    EXPECT_TRUE(troupe::monitor("one").valid());
  });
  EXPECT_TRUE(runtime.process_info(one)->monitors.empty());
  EXPECT_TRUE(runtime.process_info(one)->monitored_by.empty());
}

TEST_F(Monitors, end_with_their_owner) {
  const Pid watcher = puppet(nothing_seen());
  const Pid other = puppet(nothing_seen());
  run_in(watcher, [=] { troupe::monitor(other); });
  EXPECT_EQ(runtime.process_info(other)->monitored_by, std::vector<Pid>{watcher});
  run_in(watcher, [] { troupe::exit(atom("normal")); });
  EXPECT_TRUE(runtime.process_info(other)->monitored_by.empty());
}

TEST_F(Monitors, spawn_monitor_sees_even_a_process_that_ends_at_once) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  run_in(watcher, [] { troupe::spawn_monitor<Counter>(Counter::Args{-1}); });
  ASSERT_EQ(seen->size(), 1u);
  EXPECT_EQ(seen->front().substr(0, 16), "down {exception,");
}

TEST_F(NamesAndTimers, a_name_belongs_to_one_process_and_is_free_after_its_end) {
  const Pid one = puppet(nothing_seen());
  const Pid two = puppet(nothing_seen());
  EXPECT_TRUE(runtime.register_name("first", one));
  EXPECT_FALSE(runtime.register_name("first", two));
  EXPECT_FALSE(runtime.register_name("second", one)) << "one name per process";
  EXPECT_EQ(runtime.whereis("first"), one);
  run_in(one, [] { troupe::exit(atom("normal")); });
  EXPECT_EQ(runtime.whereis("first"), std::nullopt);
  EXPECT_TRUE(runtime.register_name("first", two));
  EXPECT_TRUE(runtime.unregister_name("first"));
  EXPECT_FALSE(runtime.unregister_name("first"));
}

TEST_F(NamesAndTimers, a_send_to_an_unknown_name_says_so) {
  const RuntimeScope scope(runtime);
  EXPECT_EQ(troupe::send("nobody", Add{1}), SendResult::name_not_found);
}

TEST_F(NamesAndTimers, a_stale_pid_never_reaches_the_next_process_in_its_slot) {
  const Pid old = runtime.spawn<Counter>();
  runtime.exit(old, atom("kill"));
  settle();
  const Pid fresh = runtime.spawn<Counter>();
  ASSERT_EQ(fresh.id, old.id);
  ASSERT_NE(fresh.serial, old.serial);
  const RuntimeScope scope(runtime);
  EXPECT_EQ(troupe::send(old, Add{5}), SendResult::sent);
  settle();
  EXPECT_EQ(*runtime.call(fresh, atom("read"), 1s), Term::integer(0));
}

TEST_F(NamesAndTimers, timers_fire_in_the_order_of_their_times) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  run_in(one, [] {
    troupe::send_after(20ms, troupe::self(), Add{2});
    troupe::send_after(10ms, troupe::self(), Add{1});
    troupe::start_timer(30ms);
  });
  EXPECT_EQ(*seen, (Texts{"{add,1}", "{add,2}", "timeout"}));
}

TEST_F(NamesAndTimers, a_cancelled_timer_does_not_fire) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  run_in(one, [] { EXPECT_TRUE(troupe::cancel_timer(troupe::start_timer(10ms))); });
  EXPECT_TRUE(seen->empty());
  run_in(one, [] { EXPECT_FALSE(troupe::cancel_timer(12345)); });
}

TEST_F(Requests, are_answered_with_the_return_value) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid counter = runtime.spawn<Counter>(Counter::Args{7});
  run_in(one, [=] { troupe::send_request(counter, Read{}, 5s); });
  EXPECT_EQ(*seen, Texts{"reply 7"});
  EXPECT_EQ(runtime.timers(), 0u);
}

TEST_F(Requests, as_terms_are_answered_too) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid counter = runtime.spawn<Counter>(Counter::Args{7});
  run_in(one, [=] { troupe::send_request(counter, atom("read"), 5s); });
  run_in(one, [=] { troupe::send_request(counter, Term::tuple({atom("add"), Term::integer(3)}), 5s); });
  run_in(one, [=] { troupe::send_request(counter, atom("nonsense"), 5s); });
  EXPECT_EQ(*seen, (Texts{"reply 7", "reply ok", "reply {error,{unknown_request,nonsense}}"}));
}

TEST_F(Requests, to_nobody_fail_with_noproc) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid gone = runtime.spawn<Counter>();
  runtime.exit(gone, atom("kill"));
  settle();
  run_in(one, [=] { troupe::send_request(gone, Read{}, 5s); });
  run_in(one, [=] { troupe::send_request("nobody", Read{}, 5s); });
  EXPECT_EQ(*seen, (Texts{"no reply noproc", "no reply noproc"}));
}

class Speechless {
 public:
  using messages = troupe::messages<Read, Boom>;
  void handle(Read, From from) { waiting_.push_back(from); }
  void handle(Boom) {
    for (const From& from : waiting_) {
      troupe::reply<std::int64_t>(from, 9);
    }
    waiting_.clear();
  }

 private:
  std::vector<From> waiting_;
};

TEST_F(Requests, time_out_when_nobody_replies_and_a_late_reply_is_dropped) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid silent = runtime.spawn<Speechless>();
  run_in(one, [=] { troupe::send_request(silent, Read{}, 50ms); });
  EXPECT_EQ(*seen, Texts{"no reply timeout"});
  run_in(one, [=] { troupe::send(silent, Boom{}); });
  EXPECT_EQ(*seen, Texts{"no reply timeout"});
}

TEST_F(Requests, may_be_answered_later) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid silent = runtime.spawn<Speechless>();
  run_in(one, [=] {
    troupe::send_request(silent, Read{}, 5s);
    troupe::send(silent, Boom{});
  });
  EXPECT_EQ(*seen, Texts{"reply 9"});
  EXPECT_TRUE(runtime.process_info(silent)->monitored_by.empty());
}

TEST_F(Requests, fail_with_the_exit_reason_of_a_server_that_ends_before_its_reply) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid silent = runtime.spawn<Speechless>();
  tell(one, [=] { troupe::send_request(silent, Read{}, Duration::max()); });
  settle();
  runtime.exit(silent, atom("boom"));
  settle();
  EXPECT_EQ(*seen, Texts{"no reply boom"});
}

TEST_F(Requests, leave_nothing_with_the_server_when_the_caller_ends_or_waits_no_longer) {
  const Pid silent = runtime.spawn<Speechless>();
  ASSERT_TRUE(runtime.register_name("silent", silent));
  const Pid ends = puppet(nothing_seen());
  const Pid gives_up = puppet(nothing_seen());
  tell(ends, [=] { troupe::send_request(silent, Read{}, Duration::max()); });
  tell(gives_up, [=] { troupe::send_request("silent", Read{}, 10s); });
  scheduler.run_for(5s);
  EXPECT_EQ(runtime.process_info(silent)->monitored_by.size(), 2u);
  run_in(ends, [] { troupe::exit(atom("boom")); });
  EXPECT_TRUE(runtime.process_info(silent)->monitored_by.empty());
}

TEST_F(Requests, from_threads_block_until_the_reply) {
  const Pid counter = runtime.spawn<Counter>(Counter::Args{3});
  EXPECT_EQ(*runtime.call(counter, atom("read"), 1s), Term::integer(3));
  const auto none = runtime.call("nobody", atom("read"), 1s);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  const Pid silent = runtime.spawn<Speechless>();
  const auto late = runtime.call(silent, atom("read"), 10ms);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::timeout);
}

TEST_F(Requests, in_the_terms_of_gen_server_are_understood) {
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Pid counter = runtime.spawn<Counter>();
  const Term tag = Term::tuple({atom("my"), atom("tag")});
  run_in(one, [=] {
    troupe::send(counter, Term::tuple({atom("$gen_cast"), Term::tuple({atom("add"), Term::integer(4)})}));
    troupe::send(counter,
                 Term::tuple({atom("$gen_call"), Term::tuple({Term::pid(troupe::self()), tag}), atom("read")}));
  });
  EXPECT_EQ(*seen, Texts{"{{my,tag},4}"});
}

}  // namespace
}  // namespace troupe
