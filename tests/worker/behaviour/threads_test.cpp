// The behaviours on real threads. Meant for ThreadSanitizer as much as for its assertions.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "tests/worker/process/steady_clock.hpp"
#include "troupe/agent.hpp"
#include "troupe/stage.hpp"
#include "troupe/statem.hpp"
#include "troupe/task_stream.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class BehavioursOnThreads : public ::testing::TestWithParam<unsigned> {
 protected:
  /// Until `done`, or the test's time is over, which ctest bounds.
  void wait_for(const std::atomic<std::int64_t>& value, std::int64_t wanted) {
    scheduler.wait([&] { return value.load() >= wanted; });
    EXPECT_EQ(value.load(), wanted);
  }

  std::atomic<std::int64_t> seen{0};

  SteadyClock clock;
  ThreadedScheduler scheduler{clock, {.threads = GetParam()}};
  Runtime runtime{scheduler};
};

/// What tests wait for.
class Counted {
 public:
  Counted(std::atomic<std::int64_t>& seen, Runtime& runtime) : seen_(seen), runtime_(runtime) {}
  void add(std::int64_t count) {
    seen_ += count;
    runtime_.scheduler().notify_waiters();
  }

 private:
  std::atomic<std::int64_t>& seen_;
  Runtime& runtime_;
};

// --- A machine that is switched on by many and switches itself off ---

enum class Lamp { off, on };
struct Press {};
class Machine {
 public:
  using states = Lamp;
  using messages = troupe::messages<Press, statem::StateTimeout<>>;
  using Next = statem::Next<Machine>;
  explicit Machine(Counted counted) : counted_(counted) {}
  Next handle(Lamp lamp, Press) {
    if (lamp == Lamp::on) {
      return statem::keep_state(statem::postpone);
    }
    counted_.add(1);
    return statem::next_state(Lamp::on, statem::state_timeout(100us));
  }
  Next handle(Lamp, const statem::StateTimeout<>&) { return statem::next_state(Lamp::off); }

 private:
  Counted counted_;
};
struct Begin {};
class Presser {
 public:
  using messages = troupe::messages<Begin>;
  explicit Presser(Pid machine) : machine_(machine) {}
  void handle(Begin) {
    for (int i = 0; i < 20; ++i) {
      troupe::send(machine_, Press{});
    }
  }

 private:
  Pid machine_;
};

TEST_P(BehavioursOnThreads, a_machine_handles_each_event_once_however_often_it_is_postponed) {
  const Pid machine = runtime.spawn<Machine>(Counted(seen, runtime));
  const RuntimeScope scope(runtime);
  for (int i = 0; i < 10; ++i) {
    troupe::send(runtime.spawn<Presser>(machine), Begin{});
  }
  wait_for(seen, 200);
}

// --- Tasks that add up in an agent ---

class Adder {
 public:
  using messages = troupe::messages<Begin, task::Response<std::int64_t>, agent::Response<std::int64_t>>;
  explicit Adder(Counted counted) : counted_(counted), sum_(agent::start_link([] { return std::int64_t{0}; })) {}
  void handle(Begin) {
    std::vector<std::int64_t> numbers(500, 2);
    stream_ = task::async_stream(std::move(numbers), [](std::int64_t n) { return n; }, {.max_concurrency = 8});
  }
  void handle(task::Response<std::int64_t> response) {
    for (const auto& outcome : stream_.take(std::move(response))) {
      agent::cast(sum_, [value = *outcome.result](std::int64_t& sum) { sum += value; });
    }
    if (stream_.done()) {
      agent::get(sum_, [](std::int64_t sum) { return sum; });
    }
  }
  void handle(agent::Response<std::int64_t> sum) { counted_.add(*sum.reply); }

 private:
  Counted counted_;
  agent::Agent<std::int64_t> sum_;
  task::Stream<std::int64_t> stream_;
};

TEST_P(BehavioursOnThreads, tasks_give_every_result_to_their_owner) {
  const RuntimeScope scope(runtime);
  for (int i = 0; i < 4; ++i) {
    troupe::send(runtime.spawn<Adder>(Counted(seen, runtime)), Begin{});
  }
  wait_for(seen, 4'000);
}

// --- A pipeline ---

class Source {
 public:
  using produces = std::int64_t;
  std::vector<std::int64_t> handle_demand(std::int64_t demand) {
    std::vector<std::int64_t> numbers;
    for (; demand > 0 && left_ > 0; --demand, --left_) {
      numbers.push_back(1);
    }
    return numbers;
  }

 private:
  std::int64_t left_ = 20'000;
};
class Passage {
 public:
  using consumes = std::int64_t;
  using produces = std::int64_t;
  std::vector<std::int64_t> handle_events(std::vector<std::int64_t> numbers) { return numbers; }
};
class Sink {
 public:
  using consumes = std::int64_t;
  explicit Sink(Counted counted) : counted_(counted) {}
  void handle_events(const std::vector<std::int64_t>& numbers) {
    counted_.add(static_cast<std::int64_t>(numbers.size()));
  }

 private:
  Counted counted_;
};

TEST_P(BehavioursOnThreads, stages_pass_on_every_event) {
  const Pid source = runtime.spawn<Source>();
  const RuntimeScope scope(runtime);
  for (int i = 0; i < 3; ++i) {
    const Pid passage = runtime.spawn<Passage>();
    const Pid sink = runtime.spawn<Sink>(Counted(seen, runtime));
    stage::subscribe(passage, source, {.max_demand = 50});
    stage::subscribe(sink, passage, {.max_demand = 20});
  }
  wait_for(seen, 20'000);
}

INSTANTIATE_TEST_SUITE_P(One_and_more, BehavioursOnThreads, ::testing::Values(1u, 3u));

}  // namespace
}  // namespace troupe
