// Coroutine processes: selective receive, calls, time, exits and their end.
#include "troupe/coroutine.hpp"

#include <stdexcept>

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

struct Red {
  std::int64_t number = 0;
};
struct Blue {
  std::int64_t number = 0;
};
struct Words {
  std::string text;
};
struct Finish {};

std::string text_of(const Red& red) { return "red " + std::to_string(red.number); }
std::string text_of(const Blue& blue) { return "blue " + std::to_string(blue.number); }
std::string text_of(const Words& words) { return words.text; }
std::string text_of(const Term& term) { return term.text(); }
std::string text_of(const Exit& exit) { return "exit " + exit.reason.text(); }
std::string text_of(const Down& down) { return "down " + down.reason.text(); }
std::string text_of(const Timeout&) { return "timer"; }
template <class... As>
std::string text_of(const std::variant<As...>& any) {
  return std::visit([](const auto& one) { return text_of(one); }, any);
}
template <class A>
std::string text_of(const std::optional<A>& maybe) {
  return maybe ? text_of(*maybe) : "nothing";
}
template <class M>
std::string text_of(const Response<M>& response) {
  return response.ok() ? "reply " + std::to_string(*response.reply) : "no reply " + response.reason.text();
}

/// Tells when it is destroyed.
class Guard {
 public:
  Guard(Seen seen, std::string name) : seen_(std::move(seen)), name_(std::move(name)) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { seen_->push_back(name_ + " gone"); }

 private:
  Seen seen_;
  std::string name_;
};

class Coroutines : public SimulatedNode {
 protected:
  template <auto Body, class... Arguments>
  Pid spawn(Arguments&&... arguments) {
    const RuntimeScope scope(runtime);
    return troupe::spawn<Body>(seen, std::forward<Arguments>(arguments)...);
  }
  template <class M>
  SendResult send(const Pid& to, M message) {
    const RuntimeScope scope(runtime);
    return troupe::send(to, std::move(message));
  }
  Texts take() { return std::exchange(*seen, {}); }
  [[nodiscard]] std::uint32_t waiting(const Pid& pid) const { return runtime.process_info(pid)->mailbox_length; }

  Seen seen = nothing_seen();
};

Coroutine<> one_of_each(Seen seen) {
  seen->push_back("begun");
  seen->push_back(text_of(co_await receive<Red>()));
  seen->push_back(text_of(co_await receive<Blue, Words>()));
}

TEST_F(Coroutines, begin_after_spawn_has_returned_and_end_normally_when_they_return) {
  const Pid pid = spawn<one_of_each>();
  EXPECT_EQ(take(), Texts{});
  settle();
  EXPECT_EQ(take(), (Texts{"begun"}));
  EXPECT_EQ(runtime.process_info(pid)->class_name, "one_of_each");
  send(pid, Red{1});
  send(pid, Words{"over"});
  settle();
  EXPECT_EQ(take(), (Texts{"red 1", "over"}));
  EXPECT_FALSE(runtime.alive(pid));
  EXPECT_EQ(runtime.counters().ended_normal, 1u);
}

Coroutine<> blue_then_all_red(Seen seen) {
  seen->push_back(text_of(co_await receive<Blue>()));
  for (;;) {
    seen->push_back(text_of(co_await receive<Red>(1s)));
  }
}

TEST_F(Coroutines, leave_in_their_order_the_messages_that_they_do_not_want_yet) {
  const Pid pid = spawn<blue_then_all_red>();
  send(pid, Red{1});
  send(pid, Words{"for nobody"});
  send(pid, Red{2});
  settle();
  scheduler.run_for(1h);
  EXPECT_EQ(take(), Texts{});
  EXPECT_EQ(waiting(pid), 3u) << "what was not received counts as waiting";
  send(pid, Blue{7});
  send(pid, Red{3});
  scheduler.run_for(500ms);
  EXPECT_EQ(take(), (Texts{"blue 7", "red 1", "red 2", "red 3"}));
  EXPECT_EQ(waiting(pid), 1u);
}

Coroutine<> waits_a_second(Seen seen) {
  seen->push_back(text_of(co_await receive<Red>(1s)));
  seen->push_back(text_of(co_await receive<Red, Blue>(1s)));
  co_await receive<Finish>();
}

TEST_F(Coroutines, receive_nothing_when_the_time_is_over_and_leave_no_timer_behind) {
  const Pid pid = spawn<waits_a_second>();
  scheduler.run_for(999ms);
  EXPECT_EQ(take(), Texts{});
  EXPECT_EQ(runtime.timers(), 1u);
  scheduler.run_for(2ms);
  EXPECT_EQ(take(), (Texts{"nothing"}));
  send(pid, Blue{1});
  scheduler.run_for(1ms);
  EXPECT_EQ(take(), (Texts{"blue 1"}));
  EXPECT_EQ(runtime.timers(), 0u);
}

Coroutine<> drains_without_waiting(Seen seen) {
  co_await receive<Finish>();
  for (;;) {
    const auto red = co_await receive<Red>(0s);
    seen->push_back(text_of(red));
    if (!red) {
      break;
    }
  }
}

TEST_F(Coroutines, look_with_no_time_at_all_at_everything_that_has_arrived) {
  const Pid pid = spawn<drains_without_waiting>();
  send(pid, Red{1});
  settle();
  send(pid, Finish{});
  send(pid, Red{2});
  send(pid, Blue{1});
  send(pid, Red{3});
  settle();
  EXPECT_EQ(take(), (Texts{"red 1", "red 2", "red 3", "nothing"}));
}

Coroutine<> races_the_clock(Seen seen) {
  for (int i = 0; i < 50; ++i) {
    troupe::send_after(1s, troupe::self(), Red{i});
    std::string got = text_of(co_await receive<Red>(1s));
    if (got == "nothing") {
      got = text_of(co_await receive<Red>());
    }
    seen->push_back(got);
  }
  seen->push_back(text_of(co_await receive<Timeout>(5s)));
}

TEST_F(Coroutines, are_not_told_of_a_timer_that_lost_against_a_message) {
  spawn<races_the_clock>();
  settle();
  Texts expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back("red " + std::to_string(i));
  }
  expected.push_back("nothing");
  EXPECT_EQ(take(), expected);
}

Coroutine<> sleeper(Seen seen) {
  co_await sleep(10s);
  seen->push_back("awake");
  seen->push_back(text_of(co_await receive<Red>()));
}

TEST_F(Coroutines, sleep_through_messages_and_find_them_afterwards) {
  const Pid pid = spawn<sleeper>();
  send(pid, Red{1});
  scheduler.run_for(9s);
  EXPECT_EQ(take(), Texts{});
  scheduler.run_for(2s);
  EXPECT_EQ(take(), (Texts{"awake", "red 1"}));
}

// --- Calls ---

Coroutine<> caller(Seen seen, Pid server) {
  seen->push_back(text_of(co_await call(server, Read{}, 5s)));
  seen->push_back(text_of(co_await receive<Red>(0s)));
}

TEST_F(Coroutines, call_and_find_the_reply_behind_what_came_before) {
  const Pid counter = runtime.spawn<Counter>(Counter::Args{5});
  const Pid pid = spawn<caller>(counter);
  send(pid, Red{1});
  settle();
  EXPECT_EQ(take(), (Texts{"reply 5", "red 1"}));
}

Coroutine<> mute(Seen) { co_await receive<Finish>(); }

TEST_F(Coroutines, learn_why_a_call_has_no_reply) {
  const Pid silent = spawn<mute>();
  spawn<caller>(silent);
  scheduler.run_for(6s);
  EXPECT_EQ(take(), (Texts{"no reply timeout", "nothing"}));
  spawn<caller>(silent);
  scheduler.run_for(1s);
  send(silent, Finish{});
  settle();
  EXPECT_EQ(take(), (Texts{"no reply normal", "nothing"})) << "the server ended with the request in its mailbox";
  spawn<caller>(silent);
  settle();
  EXPECT_EQ(take(), (Texts{"no reply noproc", "nothing"}));
}

Coroutine<> answers_in_turns(Seen seen) {
  const auto first = co_await receive<Call<Read>>();
  const auto second = co_await receive<Call<Read>>();
  second.reply(2);
  co_await receive<Finish>();
  EXPECT_TRUE(first.reply(1));
  seen->push_back("answered");
}
Coroutine<> asks_twice(Seen seen, Pid server) {
  auto one = call(server, Read{}, 60s);
  auto two = call(server, Read{}, 60s);
  send(server, Finish{});
  seen->push_back(text_of(co_await one));
  seen->push_back(text_of(co_await two));
}

TEST_F(Coroutines, await_calls_in_another_order_than_they_are_answered) {
  spawn<asks_twice>(spawn<answers_in_turns>());
  settle();
  EXPECT_EQ(take(), (Texts{"answered", "reply 1", "reply 2"}));
}

Coroutine<> receives_a_response(Seen seen, Pid server) {
  send_request(server, Read{}, 5s);
  seen->push_back(text_of(co_await receive<Response<Read>>()));
}

TEST_F(Coroutines, receive_the_answers_to_requests_as_messages) {
  spawn<receives_a_response>(runtime.spawn<Counter>(Counter::Args{3}));
  settle();
  EXPECT_EQ(take(), (Texts{"reply 3"}));
}

Coroutine<> fails_with_requests(Seen) {
  co_await receive<Finish>();
  throw std::runtime_error("no more");
}

TEST_F(Coroutines, that_end_tell_whose_requests_they_never_received) {
  const Pid server = spawn<fails_with_requests>();
  spawn<caller>(server);
  scheduler.run_for(1s);
  EXPECT_EQ(waiting(server), 1u);
  send(server, Finish{});
  settle();
  EXPECT_EQ(take(), (Texts{"no reply {exception,<<\"no more\">>,<<\"std::runtime_error\">>}", "nothing"}));
}

Coroutine<> takes_plain_messages(Seen seen) {
  seen->push_back(text_of(co_await receive<Red>()));
  const auto read = co_await receive<Call<Read>>();
  EXPECT_FALSE(read.reply(1)) << "it was sent, nobody waits";
}

TEST_F(Coroutines, answer_a_call_that_wants_no_reply_with_ok) {
  const Pid pid = spawn<takes_plain_messages>();
  const auto answer = runtime.call(pid, Term::tuple({atom("red"), Term::integer(4)}), 1s);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*answer, atom("ok"));
  send(pid, Read{});
  settle();
  EXPECT_FALSE(runtime.alive(pid));
}

// --- Terms ---

Coroutine<> terms(Seen seen) {
  seen->push_back(text_of(co_await receive<Red>()));
  for (;;) {
    seen->push_back(text_of(co_await receive<Term>(1s)));
  }
}

TEST_F(Coroutines, take_a_term_that_fits_and_leave_the_one_that_does_not) {
  const Pid pid = spawn<terms>();
  runtime.post(pid, Term::tuple({atom("red"), atom("not_a_number")}));
  runtime.post(pid, Term::tuple({atom("blue"), Term::integer(1)}));
  runtime.post(pid, Term::tuple({atom("red"), Term::integer(9)}));
  scheduler.run_for(10ms);
  EXPECT_EQ(take(), (Texts{"red 9", "{red,not_a_number}", "{blue,1}"}));
  send(pid, Blue{2});
  scheduler.run_for(10ms);
  EXPECT_EQ(take(), (Texts{"{blue,2}"})) << "a value is shown as the term that it is elsewhere";
}

TEST_F(Coroutines, answer_system_messages_themselves) {
  const Pid pid = spawn<terms>();
  const Seen answers = nothing_seen();
  run_in(puppet(answers), [&] {
    troupe::send(
        pid, Term::tuple({atom("system"), Term::tuple({Term::pid(troupe::self()), atom("tag")}), atom("get_state")}));
  });
  EXPECT_EQ(*answers, (Texts{"{tag,{error,{unknown_system_msg,get_state}}}"}));
  EXPECT_EQ(waiting(pid), 0u);
}

// --- Exits, links, monitors ---

Coroutine<> traps(Seen seen) {
  trap_exits(true);
  for (;;) {
    seen->push_back(text_of(co_await receive<Exit, Down>()));
  }
}
Coroutine<> spawns_a_trapping_one(Seen seen, Pid* child) {
  *child = spawn_link<traps>(seen);
  co_await receive<Finish>();
  troupe::exit(Term::atom("parent_gone"));
}

TEST_F(Coroutines, receive_exits_when_they_trap_them_that_of_the_parent_too) {
  Pid child;
  const Pid pid = spawn<spawns_a_trapping_one>(&child);
  settle();
  runtime.exit(child, atom("please"));
  send(pid, Finish{});
  settle();
  EXPECT_EQ(take(), (Texts{"exit please", "exit parent_gone"}));
  EXPECT_TRUE(runtime.alive(child));
  runtime.exit(child, atom("kill"));
  settle();
  EXPECT_FALSE(runtime.alive(child));
}

Coroutine<> waits_for_ever(Seen seen) {
  const Guard guard(seen, "frame");
  co_await receive<Finish>();
}
Coroutine<> watches(Seen seen, Pid other) {
  const Reference watched = monitor(other);
  const Reference dropped = monitor(other);
  co_await receive<Finish>();  // Both have fired by now.
  demonitor(dropped);
  const auto down = co_await receive<Down>();
  EXPECT_EQ(down.reference, watched);
  seen->push_back(text_of(down));
  seen->push_back(text_of(co_await receive<Down>(1s)));
}

TEST_F(Coroutines, never_see_the_down_of_a_monitor_that_they_took_back) {
  const Pid other = spawn<waits_for_ever>();
  const Pid pid = spawn<watches>(other);
  settle();
  runtime.exit(other, atom("bye"));
  settle();
  EXPECT_EQ(waiting(pid), 2u);
  send(pid, Finish{});
  settle();
  EXPECT_EQ(take(), (Texts{"frame gone", "down bye", "nothing"}));
}

TEST_F(Coroutines, are_destroyed_where_they_wait_by_an_exit_signal) {
  const Pid one = spawn<waits_for_ever>();
  const Pid two = spawn<waits_for_ever>();
  settle();
  runtime.exit(one, atom("kill"));
  runtime.exit(two, atom("out"));
  settle();
  EXPECT_EQ(take(), (Texts{"frame gone", "frame gone"}));
}

TEST_F(Coroutines, that_never_began_give_back_their_arguments) {
  const RuntimeScope scope(runtime);
  const Pid pid = troupe::spawn<waits_for_ever>(seen);
  const long with_process = seen.use_count();
  runtime.exit(pid, atom("kill"));
  settle();
  EXPECT_EQ(seen.use_count(), with_process - 1);
  EXPECT_EQ(take(), Texts{});
}

TEST_F(Coroutines, that_sleep_when_they_are_killed_leave_no_timer_behind) {
  const Pid pid = spawn<sleeper>();
  scheduler.run_for(1s);
  EXPECT_EQ(runtime.timers(), 1u);
  runtime.exit(pid, atom("kill"));
  scheduler.run_for(1ms);
  EXPECT_EQ(runtime.timers(), 0u);
}

Coroutine<> throws(Seen seen) {
  const Guard guard(seen, "frame");
  co_await receive<Red>();
  throw std::out_of_range("too far");
}

TEST_F(Coroutines, that_throw_end_as_a_throwing_handler_does) {
  const Pid pid = spawn<throws>();
  const Pid watcher = puppet(seen);
  run_in(watcher, [&] { troupe::monitor(pid); });
  send(pid, Red{1});
  settle();
  EXPECT_EQ(take(), (Texts{"frame gone", "down {exception,<<\"too far\">>,<<\"std::out_of_range\">>}"}));
  EXPECT_EQ(runtime.counters().crashed, 1u);
}

// --- Bounds and turns ---

TEST_F(Coroutines, fill_their_mailbox_with_what_they_do_not_receive) {
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_messages_max = 10;
  const Pid pid = troupe::spawn_with<blue_then_all_red>(options, seen);
  settle();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(send(pid, Red{i}), SendResult::sent);
    settle();
  }
  EXPECT_EQ(send(pid, Red{10}), SendResult::full);
  EXPECT_EQ(send(pid, Blue{0}), SendResult::full) << "what it waits for does not fit either";
}

Coroutine<> large_ones(Seen seen) {
  co_await receive<Finish>();
  const auto words = co_await receive<Words>();
  seen->push_back(std::to_string(words.text.size()));
  co_await receive<Finish>();
}
TEST_F(Coroutines, count_the_bytes_of_large_messages_until_they_are_received) {
  const Pid pid = spawn<large_ones>();
  const std::string large(100'000, 'x');
  runtime.post(pid, Term::tuple({atom("words"), Term::binary(large)}));
  settle();
  EXPECT_GE(runtime.process_info(pid)->mailbox_large_bytes, large.size());
  send(pid, Finish{});
  settle();
  EXPECT_EQ(take(), (Texts{"100000"}));
  EXPECT_EQ(runtime.process_info(pid)->mailbox_large_bytes, 0u);
  EXPECT_EQ(waiting(pid), 0u);
}

Coroutine<> takes_ten_thousand(Seen seen) {
  co_await receive<Blue>();
  for (int i = 0; i < 10'000; ++i) {
    co_await receive<Red>();
  }
  seen->push_back("all");
}

TEST_F(Coroutines, let_others_run_while_they_go_through_what_was_kept) {
  const Pid pid = spawn<takes_ten_thousand>();
  for (int i = 0; i < 10'000; ++i) {
    send(pid, Red{i});
  }
  settle();
  send(pid, Blue{1});
  const std::uint64_t before = scheduler.steps();
  settle();
  EXPECT_EQ(take(), (Texts{"all"}));
  EXPECT_GT(scheduler.steps() - before, 10'000u / 256 / 4) << "turns are of at most four messages here";
}

// --- Parts ---

Coroutine<std::int64_t> sum_of(Seen seen, std::int64_t count) {
  const Guard guard(seen, "part");
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += (co_await receive<Red>()).number;
  }
  if (sum == 0) {
    throw std::runtime_error("nothing to add");
  }
  co_return sum;
}
Coroutine<> adds_in_parts(Seen seen) {
  const Guard guard(seen, "body");
  seen->push_back("sum " + std::to_string(co_await sum_of(seen, 2)));
  try {
    co_await sum_of(seen, 1);
  } catch (const std::runtime_error& error) {
    seen->push_back(error.what());
  }
  co_await sum_of(seen, 5);
}

TEST_F(Coroutines, await_parts_that_give_a_value_or_throw) {
  const Pid pid = spawn<adds_in_parts>();
  for (const int number : {3, 4, 0}) {
    send(pid, Red{number});
  }
  settle();
  EXPECT_EQ(take(), (Texts{"part gone", "sum 7", "part gone", "nothing to add"}));
  runtime.exit(pid, atom("kill"));
  settle();
  EXPECT_EQ(take(), (Texts{"part gone", "body gone"})) << "the innermost first";
}

Coroutine<std::int64_t> deep(std::int64_t depth) {
  if (depth == 0) {
    co_return 0;
  }
  const std::int64_t below = co_await deep(depth - 1);
  co_return below + 1;
}
Coroutine<> goes_deep(Seen seen) { seen->push_back(std::to_string(co_await deep(20'000))); }

TEST_F(Coroutines, await_each_other_without_using_up_the_stack) {
  spawn<goes_deep>();
  settle();
  EXPECT_EQ(take(), (Texts{"20000"}));
}

// --- As classes ---

struct Greeting {
  std::string name = "nobody";
  std::int64_t times = 1;
};
Coroutine<> greet(Greeting greeting) {
  set_label(greeting.name + " " + std::to_string(greeting.times));
  co_await receive<Finish>();
}

TEST_F(Coroutines, are_started_with_arguments_from_a_map_as_classes_are) {
  StartRequest request;
  request.process_class = &abi::process_class<CoroutineProcess<greet>>;
  request.arguments = Term::map({{atom("name"), Term::binary("ada")}});
  auto started = runtime.start(request);
  ASSERT_TRUE(started.ok());
  settle();
  EXPECT_EQ(runtime.process_info(*started)->label, "ada 1");
  request.arguments = Term::map({{atom("nam"), Term::binary("ada")}});
  started = runtime.start(request);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().text().find("nam"), std::string::npos) << started.error().text();
}

}  // namespace
}  // namespace troupe
