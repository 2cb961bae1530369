// Slots: their memory, their limit, and pids that stay without meaning after their process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <unordered_set>
#include <vector>

#include "tests/worker/process/fixtures.hpp"
#include "tests/worker/process/steady_clock.hpp"
#include "worker/process/block_pool.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

std::size_t resident_bytes() {
  BlockPool::flush();  // The signals that this thread has sent were freed by others.
  std::size_t virtual_pages = 0;
  std::size_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class Crowds : public ::testing::Test {
 protected:
  static constexpr std::size_t crowd = 200'000;

  std::vector<Pid> spawn_crowd() {
    std::vector<Pid> pids;
    for (std::size_t i = 0; i < crowd; ++i) {
      pids.push_back(runtime.spawn<Counter>());
    }
    return pids;
  }
  void end(const std::vector<Pid>& pids) {
    for (const Pid& pid : pids) {
      runtime.exit(pid, atom("kill"));
    }
    ASSERT_TRUE(eventually([&] { return runtime.counters().processes == 0; }));
  }

  SteadyClock clock;
  ThreadedScheduler scheduler{clock, {.threads = 2}};
  Runtime runtime{scheduler};
};

TEST_F(Crowds, give_their_memory_back_when_they_have_gone) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps freed memory to catch late users of it";
#endif
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer's own memory grows meanwhile, by as much as is given back";
#endif
  end(spawn_crowd());  // Pools and tables have grown now.
  const std::vector<Pid> pids = spawn_crowd();
  const std::size_t with_crowd = resident_bytes();
  end(pids);
  // Of 200,000 slots 64,000 may stay, and some that threads keep.
  EXPECT_LT(resident_bytes() + crowd * sizeof(Process) / 3, with_crowd);
}

TEST_F(Crowds, leave_pids_that_reach_nobody_when_others_live_in_their_slots) {
  const std::vector<Pid> before = spawn_crowd();
  end(before);
  for (const Pid& pid : before) {
    EXPECT_EQ(runtime.post(pid, atom("read")), SendResult::sent);
  }
  EXPECT_FALSE(runtime.call(before.front(), atom("read"), 5s).ok());
  const std::unordered_set<Pid> stale(before.begin(), before.end());
  const std::vector<Pid> after = spawn_crowd();
  for (const Pid& pid : after) {
    ASSERT_FALSE(stale.contains(pid));
  }
  const auto total = runtime.call(after.back(), atom("read"), 5s);
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(total->as_integer(), 0);
  end(after);
}

class FullTables : public SimulatedNode {};

TEST_F(FullTables, refuse_the_next_and_take_it_when_one_has_ended) {
  RuntimeOptions options;
  options.processes_max = 10;
  Runtime small(scheduler, options);
  std::vector<Pid> pids;
  for (int i = 0; i < 10; ++i) {
    pids.push_back(small.spawn<Counter>());
    EXPECT_TRUE(pids.back().valid());
  }
  EXPECT_FALSE(small.spawn<Counter>().valid());
  const auto refused = small.start(start_request<Counter>());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text(), "system_limit");
  small.exit(pids.front(), atom("kill"));
  settle();
  EXPECT_TRUE(small.spawn<Counter>().valid());
}

TEST_F(FullTables, say_that_memory_is_short_while_spawns_are_held) {
  runtime.hold_spawns(true);
  EXPECT_FALSE(runtime.spawn<Counter>().valid());
  const auto refused = runtime.start(start_request<Counter>());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text(), "{system_limit,memory}");
  runtime.hold_spawns(false);
  EXPECT_TRUE(runtime.spawn<Counter>().valid());
}

}  // namespace
}  // namespace troupe
