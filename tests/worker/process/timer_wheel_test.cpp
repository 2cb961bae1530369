// The wheel beside a sorted list: the simplest thing that does the same.
#include "worker/process/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "worker/process/timers.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

constexpr Duration one_tick = Duration(1 << 16);

Instant at(Duration since_start) { return Instant(since_start); }

Timer timer_number(std::uint64_t number) {
  Timer timer;
  timer.number = number;
  return timer;
}

std::vector<std::uint64_t> fired(TimerWheel& wheel, Instant now) {
  std::vector<TimerWheel::Fired> due;
  wheel.take_due(now, due);
  std::vector<std::uint64_t> numbers;
  for (const TimerWheel::Fired& fired : due) {
    numbers.push_back(fired.timer.number);
  }
  return numbers;
}

TEST(TimerWheel, never_fires_early_and_at_most_a_tick_late) {
  for (const Duration due :
       {Duration(1ns), Duration(65us), Duration(1ms), Duration(5ms), Duration(1s), Duration(24h)}) {
    TimerWheel wheel;
    wheel.add(at(due), timer_number(1));
    EXPECT_TRUE(fired(wheel, at(due - 1ns)).empty()) << due.count();
    EXPECT_EQ(fired(wheel, at(due + one_tick)), std::vector<std::uint64_t>{1}) << due.count();
  }
}

TEST(TimerWheel, fires_equal_ones_in_the_order_of_their_setting) {
  TimerWheel wheel;
  for (std::uint64_t number = 0; number < 100; ++number) {
    wheel.add(at(7ms), timer_number(number));
  }
  const auto numbers = fired(wheel, at(8ms));
  ASSERT_EQ(numbers.size(), 100u);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST(TimerWheel, knows_a_key_of_a_timer_that_is_gone) {
  TimerWheel wheel;
  const TimerWheel::Key first = wheel.add(at(1ms), timer_number(1));
  EXPECT_EQ(fired(wheel, at(2ms)).size(), 1u);
  const TimerWheel::Key second = wheel.add(at(3ms), timer_number(2));
  Timer removed;
  EXPECT_EQ(first.index, second.index);
  EXPECT_FALSE(wheel.cancel(first, removed));
  EXPECT_TRUE(wheel.cancel(second, removed));
  EXPECT_EQ(removed.number, 2u);
  EXPECT_FALSE(wheel.cancel(second, removed));
  EXPECT_FALSE(wheel.cancel({}, removed));
  EXPECT_FALSE(wheel.cancel({TimerWheel::timers_max, 1}, removed));
}

TEST(TimerWheel, holds_one_that_is_never_due) {
  TimerWheel wheel;
  wheel.add(Instant::max(), timer_number(1));
  EXPECT_TRUE(fired(wheel, at(std::chrono::hours(24 * 365 * 100))).empty());
  EXPECT_TRUE(fired(wheel, Instant::max()).empty()) << "and does not look for it for ever";
  EXPECT_EQ(wheel.size(), 1u);
}

TEST(TimerWheel, does_what_a_sorted_list_does) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    TimerWheel wheel;
    std::map<std::pair<Instant, std::uint64_t>, TimerWheel::Key> model;
    Instant now = at(Duration(static_cast<std::int64_t>(random.below(1'000'000'000))));
    std::uint64_t last = 0;
    for (int step = 0; step < 400; ++step) {
      const auto any_span = [&] { return Duration(static_cast<std::int64_t>(random.below(1ull << random.below(44)))); };
      switch (random.below(4)) {
        case 0:
        case 1: {
          const Instant due = now + any_span();
          ++last;
          model[{due, last}] = wheel.add(due, timer_number(last));
          break;
        }
        case 2:
          if (!model.empty()) {
            const auto chosen = std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
            Timer removed;
            ASSERT_TRUE(wheel.cancel(chosen->second, removed));
            ASSERT_EQ(removed.number, chosen->first.second);
            model.erase(chosen);
          }
          break;
        default:
          now += any_span();
          // Both to the end of a tick: what is due in it has fired then.
          now = Instant(Duration((now.time_since_epoch().count() >> 16) << 16));
          std::vector<std::uint64_t> expected;
          while (!model.empty() && model.begin()->first.first <= now) {
            expected.push_back(model.begin()->first.second);
            model.erase(model.begin());
          }
          ASSERT_EQ(fired(wheel, now), expected);
      }
      ASSERT_EQ(wheel.size(), model.size());
      if (!model.empty()) {
        ASSERT_LE(wheel.next_event(), model.begin()->first.first + one_tick);
      }
    }
  }
}

// A thread that has asked sleeps until then: a cancelled timer must not hide one that is set afterwards.
TEST(Timers, tell_of_one_that_is_later_than_a_cancelled_one) {
  Timers timers(1);
  const auto first = timers.add(0, at(1s), timer_number(1));
  ASSERT_TRUE(first.earlier);
  ASSERT_TRUE(timers.cancel(first.id));
  EXPECT_EQ(timers.next_due(0), std::nullopt);
  EXPECT_TRUE(timers.add(0, at(2s), timer_number(2)).earlier) << "whoever asked waits for ever";
}

}  // namespace
}  // namespace troupe
