// What code and strangers can do wrong: each ends at most the process that did it. docs/guarantees.md says how.
#include <new>
#include <stdexcept>

#include "base/log.hpp"
#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class BadInput : public SimulatedNode {
 protected:
  /// What a monitor says of a process that has run `act`.
  std::string end_after(Act act) {
    const Seen seen = nothing_seen();
    const Pid watcher = puppet(seen);
    const Pid victim = puppet(nothing_seen());
    run_in(watcher, [=] { troupe::monitor(victim); });
    run_in(victim, std::move(act));
    EXPECT_TRUE(runtime.alive(watcher));
    EXPECT_EQ(seen->size(), 1u);
    return seen->empty() ? "" : seen->front();
  }
};

struct NotAnException {};
class OfOurOwn : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "our own"; }
};

TEST_F(BadInput, a_handler_may_throw_anything_and_ends_only_its_process) {
  const std::string unknown = "down {exception,<<\"not a std::exception\">>,<<\"unknown\">>}";
  EXPECT_EQ(end_after([] { throw 42; }), unknown);
  EXPECT_EQ(end_after([] { throw "text"; }), unknown);
  EXPECT_EQ(end_after([] { throw NotAnException{}; }), unknown);
  EXPECT_EQ(end_after([] { throw std::bad_alloc(); }),
            "down {exception,<<\"std::bad_alloc\">>,<<\"std::bad_alloc\">>}");
  EXPECT_NE(end_after([] { throw OfOurOwn(); }).find("our own"), std::string::npos);
  EXPECT_NE(end_after([] { (void)std::string("short").substr(6); }).find("std::out_of_range"), std::string::npos);
}

TEST_F(BadInput, memory_that_nobody_can_have_ends_only_the_process_that_asks) {
  const std::string seen = end_after([] { (void)std::vector<char>(std::size_t{1} << 63); });
  EXPECT_NE(seen.find("std::"), std::string::npos) << seen;
}

class LinesWithField : public LogSink {
 public:
  LinesWithField() { set_log_sink(this); }
  ~LinesWithField() override { set_log_sink(nullptr); }
  void write(LogLevel /*level*/, std::string_view message, std::span<const LogField> fields) override {
    if (message.find("not understood") == std::string_view::npos) {
      return;
    }
    for (const LogField& field : fields) {
      if (field.key == "dropped_in_all") {
        dropped.push_back(std::get<std::int64_t>(field.value));
      }
    }
  }
  std::vector<std::int64_t> dropped;
};

TEST_F(BadInput, messages_that_nobody_handles_are_counted_and_logged_once_a_second) {
  LinesWithField log;
  const Pid counter = runtime.spawn<Counter>();
  for (int i = 0; i < 10; ++i) {
    runtime.post(counter, atom("unheard_of"));
  }
  settle();
  EXPECT_EQ(log.dropped, std::vector<std::int64_t>{1});
  scheduler.run_for(2s);
  runtime.post(counter, atom("unheard_of"));
  settle();
  EXPECT_EQ(log.dropped, (std::vector<std::int64_t>{1, 11}));
  EXPECT_EQ(runtime.counters().messages_not_understood, 11u);
  EXPECT_TRUE(runtime.alive(counter));
}

TEST_F(BadInput, a_call_to_the_dead_fails_at_once) {
  const Pid dead = runtime.spawn<Counter>();
  runtime.exit(dead, atom("kill"));
  settle();
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  const Instant before = scheduler.clock().now();
  run_in(one, [=] {
    troupe::send_request(dead, Read{}, 1h);
    troupe::send_request("nobody", Read{}, 1h);
  });
  EXPECT_EQ(*seen, (std::vector<std::string>{"no reply noproc", "no reply noproc"}));
  EXPECT_LT(scheduler.clock().now() - before, 1s);
  EXPECT_EQ(runtime.timers(), 0u);
}

TEST_F(BadInput, a_name_that_is_taken_is_refused_and_its_holder_told) {
  StartRequest request = start_request<Counter>();
  request.name = "only_one";
  const auto first = runtime.start(request);
  ASSERT_TRUE(first.ok());
  const auto second = runtime.start(request);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().reason, Term::tuple({atom("already_started"), Term::pid(*first)}));
  const RuntimeScope scope(runtime);
  EXPECT_FALSE(troupe::spawn_with<Counter>({.name = "only_one"}).valid());
  EXPECT_EQ(runtime.whereis("only_one"), *first);
  EXPECT_EQ(runtime.counters().processes, 1u);
}

struct Outer {
  using Reply = std::int64_t;
};
struct Middle {
  using Reply = std::int64_t;
};

/// Asked for Outer it asks the other for Middle, who asks back for Read.
class Caller {
 public:
  using messages = troupe::messages<Outer, Middle, Read, Response<Middle>, Response<Read>>;
  explicit Caller(std::string other) : other_(std::move(other)) {}
  void handle(Outer, From from) {
    waiting_ = std::move(from);
    troupe::send_request(other_, Middle{}, 1s);
  }
  void handle(Middle, From from) {
    waiting_ = std::move(from);
    troupe::send_request(other_, Read{}, 1s);
  }
  std::int64_t handle(Read) { return 7; }
  void handle(Response<Middle> response) { troupe::reply(waiting_, response.ok() ? *response.reply : -1); }
  void handle(Response<Read> response) { troupe::reply(waiting_, response.ok() ? *response.reply : -1); }

 private:
  std::string other_;
  From waiting_;
};

TEST_F(BadInput, calls_in_a_circle_are_answered_because_no_handler_waits) {
  const Pid one = runtime.spawn<Caller>("two");
  const Pid two = runtime.spawn<Caller>("one");
  ASSERT_TRUE(runtime.register_name("one", one));
  ASSERT_TRUE(runtime.register_name("two", two));
  EXPECT_EQ(*runtime.call(one, atom("outer"), 10s), Term::integer(7));
}

struct Wait {
  using Reply = std::int64_t;
  std::int64_t timeout_ms = 0;
};

/// Asked to wait it asks the next one to wait, and answers nobody before it has been answered itself.
class Forbearing : public PuppetBase {
 public:
  using messages = troupe::messages<Wait, Response<Wait>>;
  Forbearing(Seen seen, std::string next) : PuppetBase(std::move(seen)), next_(std::move(next)) {}
  void handle(Wait wait, From) {
    if (!asked_) {
      asked_ = true;
      troupe::send_request(next_, Wait{wait.timeout_ms * 2}, std::chrono::milliseconds(wait.timeout_ms));
    }
  }
  void handle(const Response<Wait>& response) {
    note((response.timed_out() ? "" : "no timeout: ") + response.reason.text());
  }

 private:
  std::string next_;
  bool asked_ = false;
};

TEST_F(BadInput, the_timeout_of_calls_in_a_circle_names_all_who_wait) {
  const Seen seen = nothing_seen();
  std::vector<Pid> circle;
  for (int number = 0; number < 3; ++number) {
    circle.push_back(runtime.spawn<Forbearing>(seen, "p" + std::to_string((number + 1) % 3)));
    ASSERT_TRUE(runtime.register_name("p" + std::to_string(number), circle.back()));
  }
  runtime.post(circle[0], Term::tuple({atom("wait"), Term::integer(100)}));
  scheduler.run_for(150ms);
  const auto text = [&](int number) { return Term::pid(circle[static_cast<std::size_t>(number)]).text(); };
  EXPECT_EQ(*seen,
            std::vector<std::string>{"{timeout,{call_cycle,[" + text(0) + "," + text(1) + "," + text(2) + "]}}"});
  EXPECT_EQ(runtime.call(circle[2], Term::tuple({atom("wait"), Term::integer(1)}), 1s).error().message,
            "no reply within the timeout");
}

TEST_F(BadInput, the_timeout_of_a_call_to_somebody_who_waits_for_others_says_just_timeout) {
  const Seen seen = nothing_seen();
  const Pid first = runtime.spawn<Forbearing>(seen, "second");
  const Pid second = runtime.spawn<Forbearing>(nothing_seen(), "third");
  const Pid third = puppet(nothing_seen());
  ASSERT_TRUE(runtime.register_name("second", second) && runtime.register_name("third", third));
  runtime.post(first, Term::tuple({atom("wait"), Term::integer(100)}));
  scheduler.run_for(150ms);
  EXPECT_EQ(*seen, std::vector<std::string>{"timeout"});
}

TEST(TimerLimit, is_told_to_who_asks_for_more_and_breaks_nothing) {
  SimulatedScheduler scheduler(1);
  RuntimeOptions options;
  options.timers_per_place_max = 3;
  Runtime runtime(scheduler, options);
  const auto acts = std::make_shared<std::vector<Act>>();
  const auto seen = std::make_shared<std::vector<std::string>>();
  const Pid asking = runtime.spawn<Puppet>(seen, acts);
  const Pid counter = runtime.spawn<Counter>();
  acts->push_back([&] {
    std::vector<TimerReference> timers;
    for (int count = 0; count < 3; ++count) {
      timers.push_back(troupe::start_timer(1s));
      EXPECT_NE(timers.back(), 0U);
    }
    EXPECT_EQ(troupe::start_timer(1s), 0U);
    EXPECT_EQ(troupe::send_after(1s, counter, Add{1}), 0U);
    troupe::send_request(counter, Read{}, 1s);
    EXPECT_TRUE(troupe::cancel_timer(timers.back()));
    EXPECT_NE(troupe::send_after(1s, counter, Add{5}), 0U);
  });
  const RuntimeScope scope(runtime);
  troupe::send(asking, Do{0});
  scheduler.run_until_idle();
  EXPECT_EQ(*seen, (std::vector<std::string>{"no reply system_limit", "timeout", "timeout"}));
  EXPECT_EQ(runtime.timers(), 0U);
  EXPECT_EQ(*runtime.call(counter, atom("read"), 1s), Term::integer(5));
}

TEST(TimerLimit, lets_senders_that_flood_a_mailbox_go_on) {
  SimulatedScheduler scheduler(1);
  RuntimeOptions options;
  options.timers_per_place_max = 0;
  Runtime runtime(scheduler, options);
  const auto acts = std::make_shared<std::vector<Act>>();
  const Pid flooding = runtime.spawn<Puppet>(std::make_shared<std::vector<std::string>>(), acts);
  const Pid counter = runtime.spawn<Counter>();
  acts->push_back([&] {
    for (std::uint32_t count = 0; count < mailbox_soft_messages_max + 100; ++count) {
      troupe::send(counter, Add{1});
    }
  });
  const RuntimeScope scope(runtime);
  troupe::send(flooding, Do{0});
  scheduler.run_until_idle();
  EXPECT_EQ(runtime.process_info(counter)->reductions, mailbox_soft_messages_max + 100);
  EXPECT_TRUE(runtime.alive(flooding));
}

}  // namespace
}  // namespace troupe
