// The runtime on real threads. Meant for ThreadSanitizer as much as for its assertions.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/worker/process/steady_clock.hpp"
#include "troupe/process.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class Threads : public ::testing::TestWithParam<unsigned> {
 protected:
  // What processes still touch when a test ends, until the runtime goes.
  std::atomic<int> ticks{0};
  std::atomic<bool> release{false};

  SteadyClock clock;
  ThreadedScheduler scheduler{clock, {.threads = GetParam()}};
  Runtime runtime{scheduler};
};

struct Number {
  std::int64_t from = 0;
  std::int64_t value = 0;
};
struct Go {};
struct Total {
  using Reply = std::int64_t;
};

/// Checks that each sender's numbers come in order, none missing and none twice.
class OrderedSink {
 public:
  using messages = troupe::messages<Number>;
  OrderedSink(std::size_t senders, std::atomic<std::int64_t>& received, std::atomic<bool>& broken)
      : next_(senders), received_(received), broken_(broken) {}
  void handle(Number number) {
    if (next_[static_cast<std::size_t>(number.from)]++ != number.value) {
      broken_ = true;
    }
    received_.fetch_add(1);
  }

 private:
  std::vector<std::int64_t> next_;
  std::atomic<std::int64_t>& received_;
  std::atomic<bool>& broken_;
};

class Sender {
 public:
  using messages = troupe::messages<Go>;
  Sender(Pid to, std::int64_t index, std::int64_t count) : to_(to), index_(index), count_(count) {}
  void handle(Go) {
    for (int i = 0; i < 100 && sent_ < count_; ++i) {
      troupe::send(to_, Number{index_, sent_++});
    }
    if (sent_ < count_) {
      troupe::send(troupe::self(), Go{});
    }
  }

 private:
  Pid to_;
  std::int64_t index_;
  std::int64_t count_;
  std::int64_t sent_ = 0;
};

TEST_P(Threads, keep_the_order_of_every_pair_and_lose_nothing) {
  constexpr std::int64_t senders = 8;
  constexpr std::int64_t each = 20'000;
  std::atomic<std::int64_t> received{0};
  std::atomic<bool> broken{false};
  const Pid sink = runtime.spawn<OrderedSink>(senders, std::ref(received), std::ref(broken));
  const RuntimeScope scope(runtime);
  for (std::int64_t index = 0; index < senders; ++index) {
    troupe::send(troupe::spawn<Sender>(sink, index, each), Go{});
  }
  EXPECT_TRUE(eventually([&] { return received == senders * each; })) << received;
  EXPECT_FALSE(broken);
}

/// Makes a tree of linked processes and tears it down; every process ends.
struct Grow {
  std::int64_t depth = 0;
};
class Branch {
 public:
  using messages = troupe::messages<Grow>;
  explicit Branch(std::atomic<std::int64_t>& alive) : alive_(alive) { alive_.fetch_add(1); }
  ~Branch() { alive_.fetch_sub(1); }
  void handle(Grow grow) {
    if (grow.depth == 0) {
      troupe::exit(Term::atom("leaf"));
    }
    for (int i = 0; i < 3; ++i) {
      const Pid child = troupe::spawn_link<Branch>(std::ref(alive_));
      troupe::monitor(child);
      troupe::send(child, Grow{grow.depth - 1});
    }
  }
  void handle(const Down&) {}

 private:
  std::atomic<std::int64_t>& alive_;
};

TEST_P(Threads, end_whole_trees_of_links) {
  for (int round = 0; round < 30; ++round) {
    std::atomic<std::int64_t> alive{0};
    const Pid root = runtime.spawn<Branch>(std::ref(alive));
    runtime.post(root, Term::tuple({Term::atom("grow"), Term::integer(5)}));
    ASSERT_TRUE(eventually([&] { return runtime.counters().processes == 0; })) << runtime.counters().processes;
    EXPECT_EQ(alive, 0);
  }
}

class Adder {
 public:
  using messages = troupe::messages<Number, Total>;
  void handle(Number number) { total_ += number.value; }
  std::int64_t handle(Total) const { return total_; }

 private:
  std::int64_t total_ = 0;
};

TEST_P(Threads, answer_calls_from_many_threads_while_processes_come_and_go) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int at = 0; at < 4; ++at) {
    callers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const Pid adder = runtime.spawn<Adder>();
        runtime.post(adder, Term::tuple({Term::atom("number"), Term::integer(0), Term::integer(i)}));
        const auto total = runtime.call(adder, Term::atom("total"), 30s);
        runtime.exit(adder, Term::atom("kill"));
        const auto late = runtime.call(adder, Term::atom("total"), 30s);
        wrong += total.ok() && total->as_integer() == i && !late.ok() ? 0 : 1;
        (void)runtime.process_info(adder);
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(eventually([&] { return runtime.counters().processes == 0; }));
}

class Ticker {
 public:
  using messages = troupe::messages<Go>;
  explicit Ticker(std::atomic<int>& ticks) : ticks_(ticks) { troupe::start_timer(1ms); }
  void handle(Go) {}
  void handle(Timeout) {
    ++ticks_;
    troupe::start_timer(1ms);
  }

 private:
  std::atomic<int>& ticks_;
};

TEST_P(Threads, fire_timers) {
  for (int i = 0; i < 10; ++i) {
    runtime.spawn<Ticker>(std::ref(ticks));
  }
  EXPECT_TRUE(eventually([&] { return ticks > 200; }));
}

/// Blocks its scheduler thread until it is let go: what handlers must not do, but will.
class Blocker {
 public:
  using messages = troupe::messages<Go>;
  Blocker(Pid next, std::atomic<bool>& release) : next_(next), release_(release) {}
  void handle(Go) {
    troupe::send(next_, Go{});
    release_.wait(false);
  }

 private:
  Pid next_;
  std::atomic<bool>& release_;
};
class Releaser {
 public:
  using messages = troupe::messages<Go>;
  explicit Releaser(std::atomic<bool>& release) : release_(release) {}
  void handle(Go) {
    release_ = true;
    release_.notify_all();
  }

 private:
  std::atomic<bool>& release_;
};

TEST_P(Threads, run_what_waits_behind_a_stuck_handler) {
  const Pid releaser = runtime.spawn<Releaser>(std::ref(release));
  const Pid blocker = runtime.spawn<Blocker>(releaser, std::ref(release));
  runtime.post(blocker, Term::atom("go"));
  const bool released = eventually([&] { return release.load(); });
  EXPECT_TRUE(released);
  release = true;
  release.notify_all();
}

TEST_P(Threads, let_a_runtime_go_while_its_processes_are_busy) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<std::int64_t> received{0};
    std::atomic<bool> broken{false};
    Runtime brief(scheduler);
    const RuntimeScope scope(brief);
    const Pid sink = troupe::spawn<OrderedSink>(4u, std::ref(received), std::ref(broken));
    for (std::int64_t index = 0; index < 4; ++index) {
      troupe::send(troupe::spawn<Sender>(sink, index, std::int64_t{1'000'000'000}), Go{});
    }
    EXPECT_TRUE(eventually([&] { return received > 500; }));
    EXPECT_FALSE(broken);
  }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Threads, ::testing::Values(1u, 2u, 4u));

TEST(ThreadedSchedulers, sleep_when_there_is_nothing_to_do) {
  SteadyClock clock;
  ThreadedScheduler scheduler(clock, {.threads = 4});
  Runtime runtime(scheduler);
  const Pid adder = runtime.spawn<Adder>();
  ASSERT_TRUE(runtime.call(adder, Term::atom("total"), 5s).ok());
  // The timekeeper may look around for a few milliseconds more; then nothing may run at all.
  timespec before{};
  timespec after{};
  std::this_thread::sleep_for(100ms);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(500ms);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const auto used_ns = (after.tv_sec - before.tv_sec) * 1'000'000'000 + (after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used_ns, 10'000'000);
}

}  // namespace
}  // namespace troupe
