// What becomes of messages that find a mailbox full: SpawnOptions::mailbox_policy.
#include <atomic>
#include <thread>

#include "tests/worker/process/fixtures.hpp"
#include "tests/worker/process/steady_clock.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// Notes what it is sent, in order.
class Notebook : public PuppetBase {
 public:
  using messages = troupe::messages<Term>;
  explicit Notebook(Seen seen, bool traps = false) : PuppetBase(std::move(seen)) { troupe::trap_exits(traps); }
  void handle(const Term& term) {
    note(term.as_integer() ? std::to_string(*term.as_integer()) : std::to_string(term.as_binary()->size()));
  }
  void handle(const Exit& exit) { note("exit " + exit.reason.text()); }
};

class MailboxPolicies : public SimulatedNode {
 protected:
  Pid notebook(MailboxPolicy policy, std::uint32_t messages_max, bool traps = false) {
    SpawnOptions options;
    options.mailbox_policy = policy;
    options.mailbox_messages_max = messages_max;
    const RuntimeScope scope(runtime);
    return troupe::spawn_with<Notebook>(options, seen, traps);
  }
  SendResult send(const Pid& to, std::int64_t number) {
    const RuntimeScope scope(runtime);
    return troupe::send(to, Term::integer(number));
  }
  /// From `first` to `last`, each answered with `sent`.
  void send_all(const Pid& to, std::int64_t first, std::int64_t last) {
    for (std::int64_t number = first; number <= last; ++number) {
      EXPECT_EQ(send(to, number), SendResult::sent) << number;
    }
  }
  using Notes = std::vector<std::string>;
  const Seen seen = nothing_seen();
};

TEST_F(MailboxPolicies, drop_newest_keeps_what_came_first_and_tells_no_sender) {
  const Pid notes = notebook(MailboxPolicy::drop_newest, 3);
  send_all(notes, 1, 5);
  settle();
  EXPECT_EQ(*seen, (Notes{"1", "2", "3"}));
  EXPECT_EQ(runtime.process_info(notes)->messages_dropped, 2u);
  EXPECT_EQ(runtime.counters().messages_dropped, 2u);
  EXPECT_EQ(runtime.counters().messages_refused, 0u);
  send_all(notes, 6, 6);
  settle();
  EXPECT_EQ(seen->back(), "6");
}

TEST_F(MailboxPolicies, drop_oldest_keeps_what_came_last) {
  const Pid notes = notebook(MailboxPolicy::drop_oldest, 3);
  send_all(notes, 1, 5);
  settle();
  EXPECT_EQ(*seen, (Notes{"3", "4", "5"}));
  EXPECT_EQ(runtime.process_info(notes)->messages_dropped, 2u);
  EXPECT_EQ(runtime.process_info(notes)->mailbox_length, 0u);
}

TEST_F(MailboxPolicies, drop_oldest_takes_no_more_than_twice_its_bound_before_it_looks) {
  const Pid notes = notebook(MailboxPolicy::drop_oldest, 3);
  send_all(notes, 1, 8);
  settle();
  EXPECT_EQ(*seen, (Notes{"4", "5", "6"}));
  EXPECT_EQ(runtime.process_info(notes)->messages_dropped, 5u);
}

TEST_F(MailboxPolicies, drop_oldest_drops_messages_alone) {
  const Pid notes = notebook(MailboxPolicy::drop_oldest, 3, true);
  send_all(notes, 1, 2);
  {
    const RuntimeScope scope(runtime);
    troupe::exit(notes, atom("boom"));
  }
  send_all(notes, 3, 5);
  settle();
  EXPECT_EQ(*seen, (Notes{"exit boom", "4", "5"}));
}

TEST_F(MailboxPolicies, drop_oldest_counts_bytes_too) {
  SpawnOptions options;
  options.mailbox_policy = MailboxPolicy::drop_oldest;
  options.mailbox_bytes_max = 10'000;
  const RuntimeScope scope(runtime);
  const Pid notes = troupe::spawn_with<Notebook>(options, seen);
  for (const std::size_t bytes : {4'001, 4'002, 4'003, 4'004}) {
    EXPECT_EQ(troupe::send(notes, Term::binary(std::string(bytes, 'x'))), SendResult::sent);
  }
  settle();
  EXPECT_EQ(*seen, (Notes{"4003", "4004"}));
  EXPECT_EQ(runtime.process_info(notes)->mailbox_large_bytes, 0u);
}

TEST_F(MailboxPolicies, exit_ends_the_process) {
  const Pid notes = notebook(MailboxPolicy::exit, 2);
  const Seen watched = nothing_seen();
  run_in(puppet(watched), [=] { troupe::monitor(notes); });
  send_all(notes, 1, 2);
  EXPECT_EQ(send(notes, 3), SendResult::full);
  settle();
  EXPECT_EQ(*watched, Notes{"down mailbox_full"});
}

TEST_F(MailboxPolicies, exit_is_told_once_to_a_process_that_traps) {
  const Pid notes = notebook(MailboxPolicy::exit, 2, true);
  send_all(notes, 1, 2);
  EXPECT_EQ(send(notes, 3), SendResult::full);
  EXPECT_EQ(send(notes, 4), SendResult::full);
  settle();
  EXPECT_EQ(*seen, (Notes{"1", "2", "exit mailbox_full"}));
  EXPECT_TRUE(runtime.alive(notes));
}

TEST_F(MailboxPolicies, are_those_of_one_life_in_a_slot) {
  const Pid first = notebook(MailboxPolicy::drop_newest, 1);
  send_all(first, 1, 3);
  {
    const RuntimeScope scope(runtime);
    troupe::exit(first, atom("kill"));
  }
  settle();
  const Pid second = notebook(MailboxPolicy::refuse, 1);
  EXPECT_EQ(runtime.process_info(second)->messages_dropped, 0u);
  EXPECT_EQ(send(second, 1), SendResult::sent);
  EXPECT_EQ(send(second, 2), SendResult::full);
}

struct Tick {};

class TickCounter {
 public:
  using messages = troupe::messages<Tick>;
  explicit TickCounter(std::atomic<std::uint64_t>& handled) : handled_(handled) {}
  void handle(Tick) { handled_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t>& handled_;
};

TEST(MailboxPoliciesOnThreads, handle_or_drop_each_message_once) {
  constexpr std::uint64_t each = 50'000;
  constexpr unsigned senders = 3;
  for (const MailboxPolicy policy : {MailboxPolicy::drop_newest, MailboxPolicy::drop_oldest}) {
    std::atomic<std::uint64_t> handled{0};
    SteadyClock clock;
    ThreadedScheduler scheduler(clock, {});
    Runtime runtime(scheduler);
    SpawnOptions options;
    options.mailbox_policy = policy;
    options.mailbox_messages_max = 10;
    Pid counter;
    {
      const RuntimeScope scope(runtime);
      counter = troupe::spawn_with<TickCounter>(options, std::ref(handled));
    }
    std::vector<std::thread> threads;
    for (unsigned sender = 0; sender < senders; ++sender) {
      threads.emplace_back([&] {
        const RuntimeScope scope(runtime);
        for (std::uint64_t sent = 0; sent < each; ++sent) {
          EXPECT_EQ(troupe::send(counter, Tick{}), SendResult::sent);
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (handled + runtime.counters().messages_dropped != senders * each &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(handled + runtime.counters().messages_dropped, senders * each);
  }
}

}  // namespace
}  // namespace troupe
