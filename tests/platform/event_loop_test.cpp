#include "platform/event_loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "tests/platform/loop_thread.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

TEST(event_loop, runs_what_one_thread_posts_in_order) {
  AsioLoop loop;
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) {
    loop.post([&ran, i] { ran.push_back(i); });
  }
  loop.post([&] {
    loop.post([&] {
      ran.push_back(100);
      loop.stop();
    });
  });
  loop.run();
  ASSERT_EQ(ran.size(), 101U);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(event_loop, fires_timers_in_order_of_their_deadlines) {
  AsioLoop loop;
  std::vector<int> fired;
  loop.run_after(30ms, [&] {
    fired.push_back(3);
    loop.stop();
  });
  loop.run_after(1ms, [&] { fired.push_back(1); });
  loop.run_after(15ms, [&] { fired.push_back(2); });
  loop.run();
  EXPECT_EQ(fired, (std::vector{1, 2, 3}));
}

TEST(event_loop, never_fires_a_timer_early) {
  AsioLoop loop;
  const Instant set = loop.clock().now();
  Instant fired{};
  loop.run_after(20ms, [&] {
    fired = loop.clock().now();
    loop.stop();
  });
  loop.run();
  EXPECT_GE(fired - set, 20ms);
}

TEST(event_loop, does_not_run_a_timer_that_was_cancelled_on_its_thread_when_both_are_due) {
  AsioLoop loop;
  bool second_ran = false;
  TimerId second = 0;
  loop.run_after(1ms, [&] { loop.cancel(second); });
  second = loop.run_after(1ms, [&] { second_ran = true; });
  loop.run_after(20ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(second_ran);
}

TEST(event_loop, ignores_the_cancel_of_a_timer_that_has_fired) {
  AsioLoop loop;
  TimerId first = 0;
  first = loop.run_after(1ms, [&] {
    loop.cancel(first);
    loop.run_after(1ms, [&] {
      loop.cancel(first);
      loop.stop();
    });
  });
  loop.run();
  EXPECT_NE(first, 0U);
}

TEST(event_loop, wakes_for_a_nearer_timer_set_from_another_thread) {
  LoopThread thread;
  std::promise<void> fired;
  thread.loop.run_after(std::chrono::hours(1), [] {});
  thread.loop.run_after(1ms, [&] { fired.set_value(); });
  EXPECT_EQ(fired.get_future().wait_for(wait_max), std::future_status::ready);
}

TEST(event_loop, takes_a_delay_that_means_never) {
  LoopThread thread;
  thread.loop.run_after(Duration::max(), [] { FAIL() << "never came"; });
  std::promise<void> fired;
  thread.loop.run_after(1ms, [&] { fired.set_value(); });
  EXPECT_EQ(fired.get_future().wait_for(wait_max), std::future_status::ready);
}

TEST(event_loop, stops_after_the_callback_that_runs_even_when_more_is_due) {
  AsioLoop loop;
  int ran = 0;
  for (int i = 0; i < 5; ++i) {
    loop.run_after(0ms, [&] {
      ++ran;
      loop.stop();
    });
  }
  loop.run();
  EXPECT_EQ(ran, 1);
}

TEST(event_loop, serves_many_threads_that_set_and_cancel_timers) {
  LoopThread thread;
  std::atomic<int> fired{0};
  std::vector<std::thread> setters;
  constexpr int per_setter = 500;
  for (int t = 0; t < 4; ++t) {
    setters.emplace_back([&] {
      for (int i = 0; i < per_setter; ++i) {
        thread.loop.run_after(std::chrono::microseconds(i % 50), [&] { ++fired; });
        thread.loop.cancel(thread.loop.run_after(std::chrono::hours(1), [] {}));
      }
    });
  }
  for (std::thread& setter : setters) {
    setter.join();
  }
  const auto give_up = std::chrono::steady_clock::now() + wait_max;
  while (fired < 4 * per_setter && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  EXPECT_EQ(fired, 4 * per_setter);
}

TEST(event_loop, destroys_what_never_ran_though_it_uses_the_loop) {
  struct UsesLoop {
    AsioLoop& loop;
    TimerId timer;
    ~UsesLoop() { loop.cancel(timer); }
  };
  AsioLoop loop;
  const TimerId timer = loop.run_after(1h, [] {});
  loop.run_after(1h, [owned = std::make_shared<UsesLoop>(loop, timer)] { (void)owned; });
  loop.post([owned = std::make_shared<UsesLoop>(loop, timer)] { (void)owned; });
}

TEST(real_clock, tells_a_time_of_day_after_this_was_written) {
  EXPECT_GT(real_clock().wall_now().time_since_epoch(), std::chrono::hours(24) * 365 * 50);
}

}  // namespace
}  // namespace troupe::platform
