#include "operator/control/work_queue.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/random.hpp"
#include "operator/control/blocking_queue.hpp"
#include "operator/control/controller.hpp"
#include "tests/operator/fake_client/fake_client.hpp"

namespace troupe::control {
namespace {

using namespace std::chrono_literals;

const Instant began{};

TEST(WorkQueue, hands_keys_out_in_the_order_they_came_and_each_once) {
  WorkQueue queue;
  queue.add("a");
  queue.add("b");
  queue.add("a");
  EXPECT_EQ(queue.depth(), 2U);
  EXPECT_EQ(queue.take(began), "a");
  EXPECT_EQ(queue.take(began), "b");
  EXPECT_EQ(queue.take(began), std::nullopt);
}

TEST(WorkQueue, a_key_in_work_waits_and_comes_once_more) {
  WorkQueue queue;
  queue.add("a");
  ASSERT_EQ(queue.take(began), "a");
  queue.add("a");
  queue.add("a");
  EXPECT_EQ(queue.take(began), std::nullopt);
  queue.done("a");
  EXPECT_EQ(queue.take(began), "a");
  queue.done("a");
  EXPECT_EQ(queue.take(began), std::nullopt);
}

TEST(WorkQueue, different_keys_are_worked_on_at_the_same_time) {
  WorkQueue queue;
  queue.add("a");
  queue.add("b");
  EXPECT_EQ(queue.take(began), "a");
  EXPECT_EQ(queue.take(began), "b");
  queue.done("b");
  queue.done("a");
}

TEST(WorkQueue, of_several_times_the_earliest_counts) {
  WorkQueue queue;
  queue.add_at("a", began + 10s);
  queue.add_at("a", began + 5s);
  queue.add_at("a", began + 20s);
  EXPECT_EQ(queue.next_due(), began + 5s);
  EXPECT_EQ(queue.take(began + 4s), std::nullopt);
  EXPECT_EQ(queue.take(began + 5s), "a");
  queue.done("a");
  EXPECT_EQ(queue.take(began + 30s), std::nullopt);
}

TEST(WorkQueue, a_key_that_is_due_now_forgets_its_later_time) {
  WorkQueue queue;
  queue.add_at("a", began + 10s);
  queue.add("a");
  EXPECT_EQ(queue.delayed(), 0U);
  EXPECT_EQ(queue.take(began), "a");
}

TEST(WorkQueue, backs_off_from_5_ms_to_1000_s_and_starts_anew_after_forget) {
  WorkQueue queue;
  Instant now = began;
  Duration expected = 5ms;
  for (int i = 0; i < 30; ++i) {
    queue.add_after_failure("a", now);
    EXPECT_EQ(queue.next_due(), now + expected) << i;
    now = *queue.next_due();
    ASSERT_EQ(queue.take(now), "a");
    queue.done("a");
    expected = std::min<Duration>(expected * 2, 1000s);
  }
  queue.forget("a");
  EXPECT_EQ(queue.failing(), 0U);
  queue.add_after_failure("a", now);
  EXPECT_EQ(queue.next_due(), now + 5ms);
}

TEST(WorkQueue, keeps_its_contract_under_random_use) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeededRandom random(seed);
    WorkQueue queue;
    Instant now = began;
    std::set<std::string> working;
    std::set<std::string> owed;  // Added and not handed out since.
    for (int i = 0; i < 500; ++i) {
      const std::string key(1, static_cast<char>('a' + random.below(4)));
      switch (random.below(5)) {
        case 0:
          queue.add(key);
          owed.insert(key);
          break;
        case 1:
          queue.add_at(key, now + std::chrono::milliseconds(random.below(50)));
          owed.insert(key);
          break;
        case 2:
          now += std::chrono::milliseconds(random.below(20));
          break;
        case 3:
          if (const auto taken = queue.take(now)) {
            ASSERT_TRUE(working.insert(*taken).second) << "handed out twice, seed " << seed;
            ASSERT_EQ(owed.erase(*taken), 1U) << "never added, seed " << seed;
          }
          break;
        default:
          if (working.erase(key) == 1) {
            queue.done(key);
          }
      }
    }
    for (const std::string& key : working) {
      queue.done(key);
    }
    while (const auto taken = queue.take(now + 1h)) {
      ASSERT_EQ(owed.erase(*taken), 1U);
      queue.done(*taken);
    }
    EXPECT_TRUE(owed.empty()) << "lost, seed " << seed;
  }
}

TEST(BlockingQueue, wakes_waiters_and_lets_them_go_at_the_end) {
  fake::ManualClock clock;
  BlockingQueue queue(clock);
  std::optional<std::string> first;
  std::optional<std::string> last = "not yet";
  std::thread waiter([&] {
    first = queue.take();
    queue.done(*first);
    last = queue.take();
  });
  queue.add("a");
  while (queue.depth() > 0) {
    std::this_thread::yield();
  }
  queue.stop();
  waiter.join();
  EXPECT_EQ(first, "a");
  EXPECT_EQ(last, std::nullopt);
}

TEST(Controller, a_failing_key_comes_again_and_one_that_throws_is_no_different) {
  fake::ManualClock clock;
  int calls = 0;
  Controller controller(
      "test", clock,
      [&](const std::string&, std::uint64_t) -> Outcome {
        ++calls;
        if (calls == 1) {
          return {RoundResult::error, "no", std::nullopt};
        }
        if (calls == 2) {
          throw std::runtime_error("thrown");
        }
        return {};
      },
      nullptr);
  controller.queue().add("a");
  while (const auto key = controller.queue().try_take()) {
    controller.run(*key);
    clock.advance(1s);
  }
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace troupe::control
