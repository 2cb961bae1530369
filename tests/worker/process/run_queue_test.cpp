#include "worker/process/run_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "worker/process/seat_watch.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class RunQueues : public ::testing::Test {
 protected:
  Process& process(std::uint8_t priority) {
    processes_.push_back(std::make_unique<Process>());
    processes_.back()->priority = priority;
    return *processes_.back();
  }
  RunQueue queue;

 private:
  std::vector<std::unique_ptr<Process>> processes_;
};

TEST_F(RunQueues, serve_equals_in_the_order_of_arrival) {
  std::vector<Process*> pushed;
  for (int i = 0; i < 5; ++i) {
    pushed.push_back(&process(TROUPE_PRIORITY_NORMAL));
    queue.push(*pushed.back());
  }
  for (Process* const expected : pushed) {
    EXPECT_EQ(queue.pop(), expected);
  }
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(RunQueues, serve_high_before_normal_before_low) {
  Process& low = process(TROUPE_PRIORITY_LOW);
  Process& normal = process(TROUPE_PRIORITY_NORMAL);
  Process& high = process(TROUPE_PRIORITY_HIGH);
  queue.push(low);
  queue.push(normal);
  queue.push(high);
  EXPECT_EQ(queue.pop(), &high);
  EXPECT_EQ(queue.pop(), &normal);
  EXPECT_EQ(queue.pop(), &low);
}

TEST_F(RunQueues, starve_nobody_while_higher_ones_are_always_ready) {
  Process& low = process(TROUPE_PRIORITY_LOW);
  Process& normal = process(TROUPE_PRIORITY_NORMAL);
  Process& high = process(TROUPE_PRIORITY_HIGH);
  queue.push(low);
  queue.push(normal);
  queue.push(high);
  int lows = 0;
  int normals = 0;
  int highs = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    Process* const chosen = queue.pop();
    ASSERT_NE(chosen, nullptr);
    lows += chosen == &low ? 1 : 0;
    normals += chosen == &normal ? 1 : 0;
    highs += chosen == &high ? 1 : 0;
    queue.push(*chosen);
  }
  EXPECT_GE(lows, 80);
  EXPECT_GE(normals, 80);
  EXPECT_GE(highs, 700);
}

TEST_F(RunQueues, keep_the_order_when_some_move) {
  std::vector<Process*> pushed;
  for (int i = 0; i < 6; ++i) {
    pushed.push_back(&process(TROUPE_PRIORITY_NORMAL));
    queue.push(*pushed.back());
  }
  RunQueue other;
  queue.move_to(other, 3);
  EXPECT_EQ(queue.length(), 3u);
  EXPECT_EQ(other.length(), 3u);
  for (Process* const expected : pushed) {
    EXPECT_EQ(other.length() != 0 ? other.pop() : queue.pop(), expected);
  }
}

constexpr Duration stuck_after = 8ms;

TEST(SeatWatches, hand_over_once_for_each_turn_that_does_not_end) {
  SeatWatch watch;
  Instant now{1s};
  EXPECT_EQ(watch.look(now, 7, 0, false, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 6ms, 7, 0, false, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 8ms, 7, 0, false, stuck_after), SeatVerdict::hand_over);
  EXPECT_EQ(watch.look(now + 20ms, 7, 0, false, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 21ms, 9, 0, false, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 30ms, 9, 0, false, stuck_after), SeatVerdict::hand_over);
}

TEST(SeatWatches, leave_a_thread_alone_that_sleeps) {
  SeatWatch watch;
  for (Instant now{1s}; now < Instant{2s}; now += 10ms) {
    EXPECT_EQ(watch.look(now, 8, 0, true, stuck_after), SeatVerdict::fine);
  }
}

TEST(SeatWatches, share_what_waits_longer_than_a_look_while_somebody_is_idle) {
  SeatWatch watch;
  const Instant now{1s};
  EXPECT_EQ(watch.look(now, 1, 1, true, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 2ms, 5, 1, true, stuck_after), SeatVerdict::share);
  EXPECT_EQ(watch.look(now + 4ms, 9, 1, false, stuck_after), SeatVerdict::fine);
  EXPECT_EQ(watch.look(now + 6ms, 9, 1, true, stuck_after), SeatVerdict::take);
}

}  // namespace
}  // namespace troupe
