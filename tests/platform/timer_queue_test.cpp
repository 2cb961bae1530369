#include "platform/timer_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::platform {
namespace {

using std::chrono::seconds;

const Instant start{};

std::vector<int> run_due(TimerQueue& queue, Instant now, std::vector<int>& ran) {
  while (auto task = queue.take_due(now)) {
    (*task)();
  }
  return ran;
}

TEST(timer_queue, gives_tasks_in_order_of_deadline_and_then_of_setting) {
  TimerQueue queue;
  std::vector<int> ran;
  queue.add(start + seconds(2), [&] { ran.push_back(3); });
  queue.add(start + seconds(1), [&] { ran.push_back(1); });
  queue.add(start + seconds(1), [&] { ran.push_back(2); });
  EXPECT_EQ(run_due(queue, start + seconds(3), ran), (std::vector{1, 2, 3}));
}

TEST(timer_queue, keeps_what_is_not_due_yet) {
  TimerQueue queue;
  queue.add(start + seconds(2), [] {});
  EXPECT_FALSE(queue.take_due(start + seconds(1)).has_value());
  EXPECT_EQ(queue.next_deadline(), start + seconds(2));
  EXPECT_TRUE(queue.take_due(start + seconds(2)).has_value());
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

TEST(timer_queue, says_when_a_new_timer_is_due_before_all_others) {
  TimerQueue queue;
  EXPECT_TRUE(queue.add(start + seconds(2), [] {}).is_next);
  EXPECT_FALSE(queue.add(start + seconds(2), [] {}).is_next);
  EXPECT_TRUE(queue.add(start + seconds(1), [] {}).is_next);
}

TEST(timer_queue, forgets_a_removed_timer_and_ignores_an_unknown_one) {
  TimerQueue queue;
  const auto added = queue.add(start, [] {});
  EXPECT_NE(added.id, 0U);
  queue.remove(added.id);
  queue.remove(added.id);
  queue.remove(12345);
  EXPECT_FALSE(queue.take_due(start + seconds(1)).has_value());
}

TEST(timer_queue, clears_timers_that_dropped_tasks_set) {
  struct SetsAnother {
    TimerQueue& queue;
    ~SetsAnother() {
      queue.add(start, [] {});
    }
  };
  TimerQueue queue;
  queue.add(start, [owned = std::make_shared<SetsAnother>(queue)] { (void)owned; });
  queue.clear();
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace troupe::platform
