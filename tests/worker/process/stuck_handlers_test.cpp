// Handlers that do not return, and how others are served all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "tests/worker/process/steady_clock.hpp"
#include "troupe/process.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Proceed {};
struct Tally {
  using Reply = std::int64_t;
};

class Answering {
 public:
  using messages = troupe::messages<Tally>;
  std::int64_t handle(Tally) { return ++answered_; }

 private:
  std::int64_t answered_ = 0;
};

/// Computes until it is let go.
class Spinning {
 public:
  using messages = troupe::messages<Proceed>;
  Spinning(std::atomic<bool>& release, std::atomic<int>& ended) : release_(release), ended_(ended) {}
  void handle(Proceed) {
    while (!release_.load(std::memory_order_relaxed)) {
    }
    ++ended_;
  }

 private:
  std::atomic<bool>& release_;
  std::atomic<int>& ended_;
};

/// Waits inside a region that says so.
class Waiting {
 public:
  using messages = troupe::messages<Proceed>;
  Waiting(Pid next, std::atomic<bool>& release) : next_(next), release_(release) {}
  void handle(Proceed) {
    troupe::send(next_, Proceed{});
    troupe::blocking([&] { release_.wait(false); });
  }

 private:
  Pid next_;
  std::atomic<bool>& release_;
};

class Releasing {
 public:
  using messages = troupe::messages<Proceed>;
  explicit Releasing(std::atomic<bool>& release) : release_(release) {}
  void handle(Proceed) {
    release_ = true;
    release_.notify_all();
  }

 private:
  std::atomic<bool>& release_;
};

/// Asks again and again, one call at a time, and notes how long each took.
class Asking {
 public:
  using messages = troupe::messages<Proceed, Response<Tally>>;
  Asking(Pid to, std::size_t count, std::vector<Duration>& took, std::atomic<bool>& done)
      : to_(to), count_(count), took_(took), done_(done) {}
  void handle(Proceed) {
    sent_ = troupe::now();
    troupe::send_request(to_, Tally{}, 60s);
  }
  void handle(const Response<Tally>&) {
    took_.push_back(troupe::now() - sent_);
    if (took_.size() < count_) {
      handle(Proceed{});
    } else {
      done_ = true;
    }
  }

 private:
  Pid to_;
  std::size_t count_;
  std::vector<Duration>& took_;
  std::atomic<bool>& done_;
  Duration sent_{};
};

/// Sets a timer for somebody else, then spins until that one lets it go.
class Timed {
 public:
  using messages = troupe::messages<Proceed>;
  Timed(std::atomic<bool>& release_all, std::atomic<int>& fired) : release_(release_all), fired_(fired) {}
  void handle(Proceed) {
    troupe::send_after(20ms, troupe::spawn<Releasing>(std::ref(release_)), Proceed{});
    while (!release_.load(std::memory_order_relaxed)) {
    }
    ++fired_;
  }

 private:
  std::atomic<bool>& release_;
  std::atomic<int>& fired_;
};

class StuckHandlers : public ::testing::TestWithParam<unsigned> {
 protected:
  SteadyClock clock;
  std::atomic<bool> release{false};
  std::atomic<int> ended{0};
  ThreadedScheduler scheduler{clock, {.threads = GetParam()}};
  Runtime runtime{scheduler};
  RuntimeScope scope{runtime};

  void spin_on_every_thread() {
    for (unsigned i = 0; i < GetParam(); ++i) {
      troupe::send(troupe::spawn<Spinning>(std::ref(release), std::ref(ended)), Proceed{});
    }
  }
  void let_go() {
    release = true;
    EXPECT_TRUE(eventually([&] { return ended == static_cast<int>(GetParam()); }));
  }
};

TEST_P(StuckHandlers, keep_nobody_else_waiting) {
  spin_on_every_thread();
  std::vector<Duration> took;
  std::atomic<bool> done{false};
  const Pid answering = troupe::spawn<Answering>();
  troupe::send(troupe::spawn<Asking>(answering, std::size_t{200}, std::ref(took), std::ref(done)), Proceed{});
  ASSERT_TRUE(eventually([&] { return done.load(); }));
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_stuck == GetParam(); }));
  let_go();
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_stuck == 0; }));
  EXPECT_GE(scheduler.load().hand_overs, GetParam());
}

TEST_P(StuckHandlers, fire_the_timers_of_their_thread_all_the_same) {
  troupe::send(troupe::spawn<Timed>(std::ref(release), std::ref(ended)), Proceed{});
  const bool on_its_own = eventually([&] { return ended == 1; });
  release = true;
  EXPECT_TRUE(on_its_own);
}

TEST_P(StuckHandlers, hand_over_at_once_when_they_say_that_they_block) {
  for (int round = 0; round < 20; ++round) {
    release = false;
    const Pid releasing = troupe::spawn<Releasing>(std::ref(release));
    troupe::send(troupe::spawn<Waiting>(releasing, std::ref(release)), Proceed{});
    const bool released = eventually([&] { return release.load(); });
    release = true;
    release.notify_all();
    ASSERT_TRUE(released);
  }
  EXPECT_TRUE(eventually([&] { return scheduler.load().threads_stuck == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Schedulers, StuckHandlers, ::testing::Values(1u, 2u));

std::mutex threads_mutex;
std::set<std::thread::id> threads_that_worked;
std::size_t threads_seen() {
  const std::lock_guard lock(threads_mutex);
  return threads_that_worked.size();
}

/// Busy for a while each time, for as long as it is told to; notes on which thread.
class Working {
 public:
  using messages = troupe::messages<Proceed>;
  Working(std::atomic<bool>& stop, std::atomic<int>& turns) : stop_(stop), turns_(turns) {}
  void handle(Proceed) {
    {
      const std::lock_guard lock(threads_mutex);
      threads_that_worked.insert(std::this_thread::get_id());
    }
    const Duration until = troupe::now() + 1ms;
    while (troupe::now() < until) {
    }
    ++turns_;
    if (!stop_.load()) {
      troupe::send(troupe::self(), Proceed{});
    }
  }

 private:
  std::atomic<bool>& stop_;
  std::atomic<int>& turns_;
};

TEST(SharedWork, reaches_the_thread_that_has_none) {
  std::atomic<bool> stop{false};
  std::atomic<int> turns[4] = {};
  SteadyClock clock;
  ThreadedScheduler scheduler(clock, {.threads = 2, .stuck_after = 60s});
  Runtime runtime(scheduler);
  const RuntimeScope scope(runtime);
  for (auto& mine : turns) {
    troupe::send(troupe::spawn<Working>(std::ref(stop), std::ref(mine)), Proceed{});
  }
  EXPECT_TRUE(
      eventually([&] { return std::all_of(std::begin(turns), std::end(turns), [](auto& n) { return n > 20; }); }));
  EXPECT_GT(threads_seen(), 1u);
  stop = true;
  EXPECT_TRUE(eventually([&] { return scheduler.load().run_queue == 0; }));
}

TEST(Priorities, serve_high_first_and_starve_nobody) {
  std::atomic<bool> stop{false};
  std::atomic<int> high{0};
  std::atomic<int> low{0};
  SteadyClock clock;
  ThreadedScheduler scheduler(clock, {.threads = 1, .stuck_after = 60s});
  Runtime runtime(scheduler);
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.priority = Priority::high;
  troupe::send(troupe::spawn_with<Working>(options, std::ref(stop), std::ref(high)), Proceed{});
  options.priority = Priority::low;
  troupe::send(troupe::spawn_with<Working>(options, std::ref(stop), std::ref(low)), Proceed{});
  EXPECT_TRUE(eventually([&] { return low >= 20; }));
  // One turn in nine is for the lower one, which may have had several messages in its first.
  EXPECT_GT(high, low * 3);
  stop = true;
  EXPECT_TRUE(eventually([&] { return scheduler.load().run_queue == 0; }));
}

}  // namespace
}  // namespace troupe
