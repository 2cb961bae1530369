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

}  // namespace
}  // namespace troupe
