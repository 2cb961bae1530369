// Coroutine processes on real threads. Meant for ThreadSanitizer as much as for its assertions.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "tests/worker/process/steady_clock.hpp"
#include "troupe/coroutine.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Ping {
  Pid from;
  std::int64_t number = 0;
};
struct Pong {
  std::int64_t number = 0;
};
struct Noise {};
struct Double {
  using Reply = std::int64_t;
  std::int64_t number = 0;
};

struct Counts {
  std::atomic<std::int64_t> rounds{0};
  std::atomic<std::int64_t> wrong{0};
  std::atomic<std::int64_t> frames{0};
};

/// Counts the frames that live.
class Frame {
 public:
  explicit Frame(Counts& counts) : counts_(counts) { counts_.frames.fetch_add(1); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { counts_.frames.fetch_sub(1); }

 private:
  Counts& counts_;
};

Coroutine<> server(Counts* counts) {
  const Frame frame(*counts);
  for (;;) {
    const auto next = co_await receive<Ping, Call<Double>>();
    if (const auto* ping = std::get_if<Ping>(&next)) {
      send(ping->from, Noise{});
      send(ping->from, Pong{ping->number});
    } else {
      const auto& asked = std::get<Call<Double>>(next);
      asked.reply(asked.message.number * 2);
    }
  }
}

Coroutine<> client(Counts* counts, Pid to, std::int64_t rounds) {
  const Frame frame(*counts);
  for (std::int64_t i = 0; i < rounds; ++i) {
    send(to, Ping{self(), i});
    const auto pong = co_await receive<Pong>(30s);
    const auto answer = co_await call(to, Double{i}, 30s);
    const bool right = pong && pong->number == i && answer.ok() && *answer.reply == 2 * i;
    counts->wrong += right ? 0 : 1;
    co_await receive<Noise>();
    ++counts->rounds;
  }
}

class CoroutineThreads : public ::testing::TestWithParam<unsigned> {
 protected:
  Counts counts;
  SteadyClock clock;
  ThreadedScheduler scheduler{clock, {.threads = GetParam()}};
  Runtime runtime{scheduler};
};

TEST_P(CoroutineThreads, receive_and_call_each_other) {
  const RuntimeScope scope(runtime);
  constexpr std::int64_t clients = 8;
  constexpr std::int64_t rounds = 2'000;
  std::vector<Pid> servers;
  for (int i = 0; i < 3; ++i) {
    servers.push_back(spawn<server>(&counts));
  }
  for (std::int64_t i = 0; i < clients; ++i) {
    spawn<client>(&counts, servers[static_cast<std::size_t>(i) % servers.size()], rounds);
  }
  EXPECT_TRUE(eventually([&] { return counts.rounds == clients * rounds; })) << counts.rounds;
  EXPECT_EQ(counts.wrong, 0);
  EXPECT_TRUE(eventually([&] { return counts.frames == 3; })) << counts.frames;
}

Coroutine<> impatient(Counts* counts) {
  const Frame frame(*counts);
  for (;;) {
    if (const auto noise = co_await receive<Noise>(1ms)) {
      ++counts->rounds;
    }
  }
}
Coroutine<> disturber(Counts* counts, Pid to, std::int64_t times) {
  const Frame frame(*counts);
  for (std::int64_t i = 0; i < times; ++i) {
    send(to, Noise{});
    co_await sleep(1ms);
  }
}

TEST_P(CoroutineThreads, lose_no_message_to_a_timer_that_fires_at_the_same_time) {
  const RuntimeScope scope(runtime);
  const Pid pid = spawn<impatient>(&counts);
  for (int i = 0; i < 4; ++i) {
    spawn<disturber>(&counts, pid, 100);
  }
  EXPECT_TRUE(eventually([&] { return counts.rounds == 400; })) << counts.rounds;
}

TEST_P(CoroutineThreads, are_destroyed_whatever_they_wait_for_when_they_are_killed) {
  const RuntimeScope scope(runtime);
  for (int round = 0; round < 50; ++round) {
    std::vector<Pid> pids{spawn<server>(&counts), spawn<impatient>(&counts)};
    for (int i = 0; i < 8; ++i) {
      pids.push_back(spawn<client>(&counts, pids[0], 1'000'000));
      pids.push_back(spawn<disturber>(&counts, pids[1], 1'000'000));
    }
    for (const Pid& pid : pids) {
      runtime.exit(pid, Term::atom("kill"));
    }
    ASSERT_TRUE(eventually([&] { return runtime.counters().processes == 0; })) << runtime.counters().processes;
    EXPECT_EQ(counts.frames, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(One, CoroutineThreads, ::testing::Values(1u));
INSTANTIATE_TEST_SUITE_P(Four, CoroutineThreads, ::testing::Values(4u));

}  // namespace
}  // namespace troupe
