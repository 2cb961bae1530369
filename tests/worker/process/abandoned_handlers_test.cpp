// Processes that are killed while their handler does not return.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "tests/worker/process/steady_clock.hpp"
#include "troupe/process.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Endure {};
struct Weigh {
  using Reply = std::int64_t;
};

/// What the handler and its state do, as the test sees it.
struct Ordeal {
  std::atomic<bool> inside{false};
  std::atomic<bool> release{false};
  std::atomic<bool> busy{false};  ///< Talks to the runtime while it is inside.
  std::atomic<int> returned{0};
  std::atomic<int> destroyed{0};
  std::atomic<bool> was_nobody{false};  ///< After its return from inside.
};

/// Stays in its handler until it is let go.
class Enduring {
 public:
  using messages = troupe::messages<Endure, Weigh>;
  explicit Enduring(Ordeal& ordeal) : ordeal_(ordeal) {}
  ~Enduring() { ++ordeal_.destroyed; }
  Enduring(const Enduring&) = delete;
  Enduring& operator=(const Enduring&) = delete;

  void handle(Endure) {
    ordeal_.inside = true;
    while (!ordeal_.release.load(std::memory_order_relaxed)) {
      if (ordeal_.busy.load(std::memory_order_relaxed)) {
        troupe::demonitor(troupe::monitor(troupe::self()));
        troupe::set_label("busy");
        troupe::link(troupe::spawn<Enduring>(ordeal_));
      }
    }
    const Reference monitor = troupe::monitor(troupe::self());
    troupe::link(troupe::self());
    troupe::send_request(troupe::self(), Weigh{}, 1s);
    ordeal_.was_nobody = monitor == Reference{} && !troupe::self().valid();
    ++ordeal_.returned;
  }
  std::int64_t handle(Weigh) {
    handle(Endure{});
    return 1;
  }

 private:
  Ordeal& ordeal_;
};

/// Asks, watches and is linked to a process, and notes what it hears of its end.
class Witness {
 public:
  using messages = troupe::messages<Endure, Response<Weigh>>;
  Witness(Pid of, std::mutex& mutex, std::vector<std::string>& heard) : of_(of), mutex_(mutex), heard_(heard) {}
  void handle(Endure) {
    troupe::link(of_);
    troupe::monitor(of_);
    troupe::send_request(of_, Weigh{}, 60s);  // The one that it stays in,
    troupe::send_request(of_, Weigh{}, 60s);  // and one that waits.
  }
  void handle(const Exit& exit) { note("exit " + exit.reason.text()); }
  void handle(const Down& down) { note("down " + down.reason.text()); }
  void handle(const Response<Weigh>& response) { note("response " + response.reason.text()); }

 private:
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(line));
  }

  Pid of_;
  std::mutex& mutex_;
  std::vector<std::string>& heard_;
};

class AbandonedHandlers : public ::testing::TestWithParam<unsigned> {
 protected:
  SteadyClock clock;
  Ordeal ordeal;
  std::mutex mutex;
  std::vector<std::string> heard;
  ThreadedScheduler scheduler{clock, {.threads = GetParam(), .kill_after = 100ms}};
  Runtime runtime{scheduler};
  RuntimeScope scope{runtime};

  Pid enduring(std::string_view name = {}) {
    SpawnOptions options;
    options.name = name;
    return troupe::spawn_with<Enduring>(options, std::ref(ordeal));
  }
  std::vector<std::string> heard_in_order() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> sorted = heard;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  void let_go() {
    ordeal.release = true;
    EXPECT_TRUE(eventually([&] { return scheduler.load().threads_stuck == 0; }));
    EXPECT_EQ(scheduler.load().threads_abandoned, 0u);
  }
};

TEST_P(AbandonedHandlers, end_their_process_for_everybody_else) {
  const Pid pid = enduring("enduring");
  troupe::send(troupe::spawn<Witness>(pid, std::ref(mutex), std::ref(heard)), Endure{});
  ASSERT_TRUE(eventually([&] { return ordeal.inside.load(); }));
  troupe::exit(pid, Term::atom("kill"));
  const std::vector<std::string> all{"down killed", "exit killed", "response killed", "response killed"};
  EXPECT_TRUE(eventually([&] { return heard_in_order() == all; })) << ::testing::PrintToString(heard_in_order());
  EXPECT_FALSE(runtime.alive(pid));
  EXPECT_FALSE(troupe::whereis("enduring").valid());
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_abandoned == 1; }));
  EXPECT_EQ(ordeal.destroyed, 0);
  EXPECT_EQ(runtime.counters().ended_killed, 1u);

  const Pid next = enduring("enduring");
  EXPECT_NE(next.id, pid.id) << "the slot holds the state that the handler is using";
  let_go();
  EXPECT_EQ(ordeal.returned, 1);
  EXPECT_EQ(ordeal.destroyed, 1);
  EXPECT_TRUE(ordeal.was_nobody);
  EXPECT_TRUE(runtime.alive(next));
}

TEST_P(AbandonedHandlers, may_be_talking_to_the_runtime) {
  ordeal.busy = true;
  const Pid pid = enduring();
  troupe::send(pid, Endure{});
  ASSERT_TRUE(eventually([&] { return ordeal.inside.load(); }));
  troupe::exit(pid, Term::atom("kill"));
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_abandoned == 1; }));
  EXPECT_FALSE(runtime.alive(pid));
  ordeal.busy = false;
  let_go();
  EXPECT_EQ(ordeal.returned, 1);
}

TEST_P(AbandonedHandlers, are_not_made_of_those_that_return_in_time) {
  const Pid pid = enduring();
  troupe::send(pid, Endure{});
  ASSERT_TRUE(eventually([&] { return ordeal.inside.load(); }));
  troupe::exit(pid, Term::atom("shutdown"));  // Not `kill`: it waits for the handler, however long that takes.
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_stuck == 1; }));
  const Instant until = clock.now() + 300ms;  // Three times as long as a kill would wait.
  EXPECT_TRUE(eventually([&] { return clock.now() >= until; }));
  EXPECT_EQ(scheduler.load().threads_abandoned, 0u);
  EXPECT_TRUE(runtime.alive(pid));
  let_go();
  EXPECT_TRUE(eventually([&] { return !runtime.alive(pid); }));
  EXPECT_FALSE(ordeal.was_nobody);
}

TEST_P(AbandonedHandlers, leave_slots_that_are_lived_in_again) {
  for (int round = 0; round < 3; ++round) {
    ordeal.inside = false;
    ordeal.release = false;
    const Pid pid = enduring("enduring");
    troupe::send(pid, Endure{});
    ASSERT_TRUE(eventually([&] { return ordeal.inside.load(); }));
    troupe::exit(pid, Term::atom("kill"));
    ASSERT_TRUE(eventually([&] { return scheduler.load().threads_abandoned == 1; }));
    let_go();
  }
  EXPECT_EQ(ordeal.destroyed, 3);
  EXPECT_EQ(runtime.counters().processes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Schedulers, AbandonedHandlers, ::testing::Values(1u, 2u));

}  // namespace
}  // namespace troupe
