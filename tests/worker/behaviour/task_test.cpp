// Tasks: results, reasons, deadlines, links; and streams of them.
#include "troupe/task.hpp"

#include <algorithm>

#include "tests/worker/process/fixtures.hpp"
#include "troupe/task_stream.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

std::string text_of(const std::optional<std::int64_t>& value, const Term& reason) {
  return value ? std::to_string(*value) : reason.text();
}

/// Does what a test says and notes what tasks answer.
class Owner : public PuppetBase {
 public:
  using messages = troupe::messages<Do, task::Response<std::int64_t>, task::Response<void>>;
  Owner(Seen seen, std::shared_ptr<std::vector<Act>> acts) : PuppetBase(std::move(seen)), acts_(std::move(acts)) {}
  void handle(Do what) { (*acts_)[static_cast<std::size_t>(what.act)](); }
  void handle(const task::Response<std::int64_t>& done) { note("result " + text_of(done.reply, done.reason)); }
  void handle(const task::Response<void>& done) { note(done.ok() ? "done" : "undone " + done.reason.text()); }

 private:
  std::shared_ptr<std::vector<Act>> acts_;
};
class TrappingOwner : public Owner {
 public:
  using Owner::handle;
  using Owner::Owner;
  void handle(const Exit& exit) { note("exit " + exit.reason.text()); }
};

class Tasks : public SimulatedNode {
 protected:
  Texts take() { return std::exchange(*seen, {}); }
  Seen seen = nothing_seen();
  Pid owner = puppet<Owner>(seen);
};

TEST_F(Tasks, answer_with_what_their_function_returns) {
  run_in(owner, [] {
    task::async([] { return std::int64_t{42}; });
    task::async_nolink([text = std::string("moved along")] { (void)text; });
  });
  EXPECT_EQ(take(), (Texts{"result 42", "done"}));
  EXPECT_EQ(runtime.counters().processes, 1u) << "a task ends with its function";
}

TEST_F(Tasks, run_on_a_process_of_their_own) {
  auto inside = std::make_shared<Pid>();
  run_in(owner, [=] { task::async([=] { *inside = troupe::self(); }); });
  EXPECT_TRUE(inside->valid());
  EXPECT_NE(*inside, owner);
}

TEST_F(Tasks, that_throw_tell_why_and_do_no_more_without_a_link) {
  run_in(owner, [] {
    task::async_nolink([]() -> std::int64_t { throw std::runtime_error("no luck"); });
    task::async_nolink([]() -> std::int64_t { troupe::exit(atom("had_enough")); });
  });
  EXPECT_EQ(take(), (Texts{"result {exception,<<\"no luck\">>,<<\"std::runtime_error\">>}", "result had_enough"}));
  EXPECT_TRUE(runtime.alive(owner));
}

TEST_F(Tasks, that_throw_end_a_linked_owner) {
  run_in(owner, [] { task::async([]() -> std::int64_t { troupe::exit(atom("boom")); }); });
  EXPECT_FALSE(runtime.alive(owner));
}

TEST_F(Tasks, that_throw_are_an_exit_and_a_response_to_an_owner_who_traps) {
  const Pid trapping = puppet<TrappingOwner>(seen);
  run_in(trapping, [] { task::async([]() -> std::int64_t { troupe::exit(atom("boom")); }); });
  Texts told = take();
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (Texts{"exit boom", "result boom"}));
}

TEST_F(Tasks, end_with_their_owner) {
  auto started = std::make_shared<task::Task>();
  tell(owner, [=] {
    *started = task::async([] { return std::int64_t{1}; });
    troupe::exit(atom("gone"));
  });
  settle();
  EXPECT_FALSE(runtime.alive(started->pid));
  EXPECT_EQ(runtime.counters().processes, 0u);
}

TEST_F(Tasks, that_begin_too_late_never_do) {
  auto ran = std::make_shared<bool>(false);
  run_in(owner, [=] { task::async([=] { *ran = true; }, {.timeout = -1ns}); });
  EXPECT_EQ(take(), (Texts{"undone timeout"}));
  EXPECT_FALSE(*ran);
  EXPECT_TRUE(runtime.alive(owner)) << "a task that comes too late ends without harm";
}

TEST_F(Tasks, that_are_shut_down_answer_shutdown_once) {
  run_in(owner, [] { task::shutdown(task::async([] { return std::int64_t{1}; })); });
  EXPECT_EQ(take(), (Texts{"result shutdown"}));
  EXPECT_TRUE(runtime.alive(owner));
}

TEST_F(Tasks, tell_noproc_when_nobody_can_be_spawned) {
  runtime.hold_spawns(true);
  run_in(owner, [] { task::async_nolink([] { return std::int64_t{1}; }); });
  EXPECT_EQ(take(), (Texts{"result noproc"}));
}

TEST_F(Tasks, are_not_for_threads_that_are_no_processes_but_starting_them_is) {
  const RuntimeScope scope(runtime);
  EXPECT_EQ(task::async([] { return std::int64_t{1}; }).request, 0u);
  EXPECT_EQ(runtime.counters().processes, 1u) << "nothing is left behind";
  auto ran = std::make_shared<int>(0);
  const Pid pid = task::start([=] { ++*ran; });
  settle();
  EXPECT_EQ(*ran, 1);
  EXPECT_FALSE(runtime.alive(pid));
}

// --- Streams ---

/// Runs a stream of items 0 to `count` - 1; how long each takes is a matter of its turns.
struct BeginTasks {
  std::int64_t count = 0;
};
struct Gate {
  std::vector<std::int64_t> started;
  std::int64_t most_at_once = 0;
  std::int64_t at_once = 0;
};

class StreamOwner : public PuppetBase {
 public:
  using messages = troupe::messages<BeginTasks, task::Response<std::int64_t>>;
  StreamOwner(Seen seen, task::StreamOptions options, std::shared_ptr<Gate> gate)
      : PuppetBase(std::move(seen)), options_(options), gate_(std::move(gate)) {}

  void handle(BeginTasks begin) {
    auto next = [this, n = std::int64_t{0}, count = begin.count]() mutable -> std::optional<std::int64_t> {
      if (n == count) {
        return std::nullopt;
      }
      gate_->most_at_once = std::max(gate_->most_at_once, ++gate_->at_once);
      return n++;
    };
    stream_ = task::async_stream(
        std::move(next),
        [gate = gate_](std::int64_t n) -> std::int64_t {
          gate->started.push_back(n);
          if (n == 3) {
            throw std::runtime_error("three");
          }
          return n * 10;
        },
        options_);
  }
  void handle(task::Response<std::int64_t> response) {
    --gate_->at_once;
    EXPECT_TRUE(stream_.owns(response.request));
    for (const auto& outcome : stream_.take(std::move(response))) {
      note(std::to_string(outcome.index) + ":" + (outcome.ok() ? std::to_string(*outcome.result) : "failed"));
    }
    if (stream_.done()) {
      note("end");
    }
  }

 private:
  task::StreamOptions options_;
  std::shared_ptr<Gate> gate_;
  task::Stream<std::int64_t> stream_;
};

TEST_F(Tasks, in_a_stream_are_bounded_and_their_outcomes_in_order) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedScheduler seeded(seed);
    Runtime node(seeded);
    const Seen noted = nothing_seen();
    const auto gate = std::make_shared<Gate>();
    const Pid streaming =
        node.spawn<StreamOwner>(noted, task::StreamOptions{.max_concurrency = 3, .link = false}, gate);
    node.post(streaming, Term::tuple({atom("begin_tasks"), Term::integer(8)}));
    seeded.run_until_idle();
    EXPECT_EQ(*noted, (Texts{"0:0", "1:10", "2:20", "3:failed", "4:40", "5:50", "6:60", "7:70", "end"})) << seed;
    EXPECT_EQ(gate->most_at_once, 3) << seed;
  }
}

TEST_F(Tasks, in_a_stream_without_items_are_done_at_once) {
  auto stream = task::async_stream(std::vector<int>{}, [](int i) { return i; });
  EXPECT_TRUE(stream.done());
  EXPECT_TRUE(task::Stream<int>().done());
}

/// Answers by hand, so that a test decides in which order tasks finish.
TEST_F(Tasks, in_a_stream_do_not_run_ahead_of_a_slow_first_one) {
  run_in(owner, [] {
    std::uint64_t started = 0;
    task::Stream<std::int64_t> stream(
        [&started]() -> std::optional<task::Task> {
          return task::Task{troupe::self(), ++started};
        },
        {.max_concurrency = 2, .ahead_max = 4});
    EXPECT_EQ(started, 2u);
    task::Response<std::int64_t> done;
    done.reply = 1;
    for (const RequestId request : {2, 3, 4}) {
      done.request = request;
      EXPECT_TRUE(stream.take(done).empty());
    }
    EXPECT_EQ(started, 4u) << "the fifth waits until the first is there";
    EXPECT_EQ(stream.running(), 1u);
    done.request = 99;
    EXPECT_TRUE(stream.take(done).empty()) << "not of this stream";
    done.request = 1;
    EXPECT_EQ(stream.take(done).size(), 4u);
    EXPECT_EQ(started, 6u);
  });
}

TEST_F(Tasks, in_an_unordered_stream_are_given_as_they_come) {
  run_in(owner, [] {
    std::uint64_t started = 0;
    task::Stream<std::int64_t> stream(
        [&started]() -> std::optional<task::Task> {
          return started == 3 ? std::nullopt : std::optional(task::Task{troupe::self(), ++started});
        },
        {.max_concurrency = 3, .ordered = false});
    task::Response<std::int64_t> done;
    done.reply = 1;
    for (const RequestId request : {3, 1, 2}) {
      done.request = request;
      const auto given = stream.take(done);
      ASSERT_EQ(given.size(), 1u);
      EXPECT_EQ(given[0].index, request - 1);
    }
    EXPECT_TRUE(stream.done());
  });
}

}  // namespace
}  // namespace troupe
