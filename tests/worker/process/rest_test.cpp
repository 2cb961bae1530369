// What a process asks for in case that nothing comes: the timeout of a gen_server, and hibernation.
#include <malloc.h>

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// A note with what to say about the time to come: milliseconds of an idle timeout, or below zero nothing.
struct Poke {
  std::string text;
  std::int64_t idle_ms = -1;
};

class Patient : public PuppetBase {
 public:
  using messages = troupe::messages<Poke>;
  Patient(Seen seen, std::chrono::milliseconds idle) : PuppetBase(std::move(seen)) { idle_timeout(idle); }
  void handle(const Poke& poke) {
    note(poke.text);
    if (poke.idle_ms >= 0) {
      idle_timeout(std::chrono::milliseconds(poke.idle_ms));
    }
  }
  void handle(IdleTimeout) { note("idle"); }
  void handle(Timeout) { note("timer"); }
};

class Rest : public SimulatedNode {
 protected:
  void poke(const Pid& pid, const std::string& text, std::int64_t idle_ms = -1) {
    const RuntimeScope scope(runtime);
    troupe::send(pid, Poke{text, idle_ms});
  }
  Texts take() { return std::exchange(*seen, {}); }

  Seen seen = nothing_seen();
};

TEST_F(Rest, idle_timeout_comes_once_when_nothing_else_does) {
  const Pid pid = runtime.spawn<Patient>(seen, 100ms);
  scheduler.run_for(99ms);
  EXPECT_EQ(take(), Texts{});
  scheduler.run_for(2ms);
  EXPECT_EQ(take(), (Texts{"idle"}));
  scheduler.run_for(1h);
  EXPECT_EQ(take(), Texts{});
  poke(pid, "again", 50);
  scheduler.run_for(51ms);
  EXPECT_EQ(take(), (Texts{"again", "idle"}));
}

TEST_F(Rest, idle_timeout_is_called_off_by_any_message_unless_its_handler_says_it_again) {
  const Pid pid = runtime.spawn<Patient>(seen, 100ms);
  scheduler.run_for(90ms);
  poke(pid, "later", 100);
  scheduler.run_for(90ms);
  poke(pid, "never");
  scheduler.run_for(1h);
  EXPECT_EQ(take(), (Texts{"later", "never"}));
  EXPECT_EQ(runtime.timers(), 0u);
}

TEST_F(Rest, idle_timeout_gives_way_to_a_message_of_the_same_moment) {
  for (int i = 0; i < 50; ++i) {
    const Pid pid = runtime.spawn<Patient>(seen, 100ms);
    {
      const RuntimeScope scope(runtime);
      troupe::send_after(100ms, pid, Poke{"poke", -1});
    }
    settle();
    const Texts notes = take();
    EXPECT_TRUE(notes == (Texts{"poke"}) || notes == (Texts{"idle", "poke"})) << notes.size();
  }
}

TEST_F(Rest, idle_timeout_of_a_busy_process_sets_no_timer_until_it_has_time) {
  const Pid pid = runtime.spawn<Patient>(seen, std::chrono::milliseconds::max() / 2'000'000);
  for (int i = 0; i < 20; ++i) {
    poke(pid, "busy", 10);
  }
  settle();
  EXPECT_EQ(take().back(), "idle");
  EXPECT_EQ(runtime.timers(), 0u);
}

TEST_F(Rest, idle_timeout_ends_with_its_process) {
  const Pid pid = runtime.spawn<Patient>(seen, 1h);
  scheduler.run_for(1ms);
  EXPECT_EQ(runtime.timers(), 1u);
  runtime.exit(pid, atom("kill"));
  scheduler.run_for(1ms);
  EXPECT_EQ(runtime.timers(), 0u);
  EXPECT_EQ(take(), Texts{});
}

TEST_F(Rest, idle_timeout_is_the_atom_timeout_to_a_class_that_takes_terms) {
  const Pid pid = puppet(seen);
  run_in(pid, [] { idle_timeout(1s); });
  EXPECT_EQ(take(), (Texts{"timeout"}));
  run_in(pid, [] {
    idle_timeout(1s);
    idle_timeout(std::chrono::nanoseconds::max());
  });
  EXPECT_EQ(take(), Texts{}) << "it was taken back";
}

struct Work {
  bool hibernate = false;
};
class Hoarder : public PuppetBase {
 public:
  using messages = troupe::messages<Work>;
  Hoarder(Seen seen, Pid other) : PuppetBase(std::move(seen)), other_(other) {}
  void handle(Work work) {
    cache_.assign(hoard, 'x');
    std::vector<Reference> watched;
    for (int i = 0; i < 100; ++i) {
      watched.push_back(monitor(other_));
    }
    for (const Reference& reference : watched) {
      demonitor(reference);
    }
    if (work.hibernate) {
      hibernate();
    }
  }
  void shrink() {
    std::vector<char>().swap(cache_);
    note("shrunk");
  }

  static constexpr std::size_t hoard = 5'000;

 private:
  Pid other_;
  std::vector<char> cache_;
};

TEST_F(Rest, hibernation_waits_until_nothing_else_does) {
  const RuntimeScope scope(runtime);
  const Pid pid = runtime.spawn<Hoarder>(seen, puppet(nothing_seen()));
  troupe::send(pid, Work{true});
  troupe::send(pid, Work{false});
  settle();
  EXPECT_EQ(take(), Texts{}) << "the second message came before there was time";
  troupe::send(pid, Work{true});
  settle();
  EXPECT_EQ(take(), (Texts{"shrunk"}));
  EXPECT_TRUE(runtime.alive(pid));
}

std::size_t bytes_in_use() { return mallinfo2().uordblks; }

TEST_F(Rest, hibernation_gives_memory_back) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's allocator does not tell";
#endif
  constexpr std::size_t count = 1'000;
  const RuntimeScope scope(runtime);
  const Pid other = puppet(nothing_seen());
  std::vector<Pid> pids;
  for (std::size_t i = 0; i < count; ++i) {
    pids.push_back(runtime.spawn<Hoarder>(seen, other));
  }
  const auto after_work = [&](bool hibernating) {
    for (const Pid& pid : pids) {
      troupe::send(pid, Work{hibernating});
    }
    settle();
    take();
    return bytes_in_use();
  };
  after_work(true);  // What the monitored one needs for them it keeps.
  const std::size_t awake = after_work(false);
  const std::size_t asleep = after_work(true);
  ASSERT_GT(awake, asleep);
  const std::size_t given_back = (awake - asleep) / count;
  RecordProperty("bytes_given_back_a_process", static_cast<int>(given_back));
  EXPECT_GE(given_back, Hoarder::hoard + 100 * sizeof(Watch)) << "the class's memory and that of its monitors";
}

}  // namespace
}  // namespace troupe
