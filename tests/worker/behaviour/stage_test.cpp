// Producers and consumers: nothing is sent that was not asked for, and nothing is lost on the way.
#include "troupe/stage.hpp"

#include <algorithm>

#include "tests/simulation/two_nodes.hpp"
#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

struct Emit {
  std::int64_t from = 0;
  std::int64_t count = 0;
};
struct Asked {
  using Reply = std::int64_t;
};

/// Counts up to `last`, as many as are asked for; emits others when told to.
class Producer {
 public:
  using produces = std::int64_t;
  using messages = troupe::messages<Emit, Asked>;
  static constexpr std::size_t buffer_size_max = 10;
  explicit Producer(std::int64_t last = 0) : last_(last) {}
  Numbers handle_demand(std::int64_t demand) {
    asked_ += demand;
    Numbers numbers;
    for (; demand > 0 && next_ <= last_; --demand) {
      numbers.push_back(next_++);
    }
    return numbers;
  }
  Numbers handle(Emit emit) {
    Numbers numbers;
    for (std::int64_t i = 0; i < emit.count; ++i) {
      numbers.push_back(emit.from + i);
    }
    return numbers;
  }
  std::int64_t handle(Asked) const { return asked_; }

 private:
  std::int64_t last_;
  std::int64_t next_ = 1;
  std::int64_t asked_ = 0;
};

class Broadcaster : public Producer {
 public:
  using Producer::Producer;
  using dispatcher = stage::BroadcastDispatcher<std::int64_t>;
};
class Divider : public Producer {
 public:
  using Producer::Producer;
  using dispatcher = stage::PartitionDispatcher<Divider>;
  static constexpr std::size_t partitions = 2;
  static std::size_t partition(const std::int64_t& number) { return static_cast<std::size_t>(number % 2); }
};

/// Three of each that it gets.
class Tripler {
 public:
  using consumes = std::int64_t;
  using produces = std::int64_t;
  Numbers handle_events(const Numbers& numbers) {
    Numbers out;
    for (const std::int64_t number : numbers) {
      out.insert(out.end(), 3, number);
    }
    return out;
  }
};

struct Taken {
  Numbers numbers;
  std::size_t largest_batch = 0;
};
class Consumer {
 public:
  using consumes = std::int64_t;
  explicit Consumer(std::shared_ptr<Taken> taken, std::vector<stage::SubscribeTo> producers = {})
      : taken_(std::move(taken)), producers_(std::move(producers)) {}
  [[nodiscard]] std::vector<stage::SubscribeTo> init() const { return producers_; }
  void handle_events(const Numbers& numbers) {
    taken_->largest_batch = std::max(taken_->largest_batch, numbers.size());
    taken_->numbers.insert(taken_->numbers.end(), numbers.begin(), numbers.end());
  }

 private:
  std::shared_ptr<Taken> taken_;
  std::vector<stage::SubscribeTo> producers_;
};

Numbers count_to(std::int64_t last) {
  Numbers numbers;
  for (std::int64_t number = 1; number <= last; ++number) {
    numbers.push_back(number);
  }
  return numbers;
}

class Stages : public SimulatedNode {
 protected:
  static std::shared_ptr<Taken> nothing_taken() { return std::make_shared<Taken>(); }
  Pid consumer(std::shared_ptr<Taken> into, const Pid& producer, const stage::Options& options = {}) {
    const Pid pid = runtime.spawn<Consumer>(std::move(into));
    const RuntimeScope scope(runtime);
    stage::subscribe(pid, producer, options);
    settle();
    return pid;
  }
  std::int64_t asked(const Pid& producer) { return *runtime.call(producer, atom("asked"), 1s)->as_integer(); }
  void emit(const Pid& producer, std::int64_t from, std::int64_t count) {
    runtime.post(producer, Term::tuple({atom("emit"), Term::integer(from), Term::integer(count)}));
    settle();
  }

  std::shared_ptr<Taken> taken = nothing_taken();
};

TEST_F(Stages, pass_everything_on_in_order_in_batches_of_half_the_demand) {
  const Pid producer = runtime.spawn<Producer>(1'000);
  consumer(taken, producer, {.max_demand = 10});
  EXPECT_EQ(taken->numbers, count_to(1'000));
  EXPECT_EQ(taken->largest_batch, 5u);
  EXPECT_EQ(asked(producer), 1'010) << "it still owes what was asked for last";
}

TEST_F(Stages, subscribe_from_their_start) {
  const Pid producer = runtime.spawn<Producer>(5);
  const Pid other = runtime.spawn<Producer>(3);
  runtime.spawn<Consumer>(taken, std::vector{stage::subscribe_to(producer), stage::subscribe_to(other)});
  settle();
  EXPECT_EQ(taken->numbers.size(), 8u);
}

TEST_F(Stages, emit_no_more_than_was_asked_for_and_keep_the_rest) {
  const Pid producer = runtime.spawn<Producer>();
  emit(producer, 100, 8);
  EXPECT_EQ(taken->numbers.size(), 0u);
  consumer(taken, producer, {.max_demand = 3, .min_demand = 2});
  EXPECT_EQ(taken->numbers, (Numbers{100, 101, 102, 103, 104, 105, 106, 107}));
  EXPECT_EQ(asked(producer), 3) << "what waited was not asked for again";
}

TEST_F(Stages, drop_the_oldest_when_nobody_takes_what_they_emit) {
  const Pid producer = runtime.spawn<Producer>();
  emit(producer, 1, 7);
  emit(producer, 8, 7);
  consumer(taken, producer);
  EXPECT_EQ(taken->numbers, (Numbers{5, 6, 7, 8, 9, 10, 11, 12, 13, 14}));
}

TEST_F(Stages, share_events_among_consumers_by_demand) {
  const Pid producer = runtime.spawn<Producer>(100);
  const auto other = nothing_taken();
  const Pid first = runtime.spawn<Consumer>(taken);
  const Pid second = runtime.spawn<Consumer>(other);
  const RuntimeScope scope(runtime);
  stage::subscribe(first, producer, {.max_demand = 4});
  stage::subscribe(second, producer, {.max_demand = 4});
  settle();
  EXPECT_EQ(taken->numbers.size() + other->numbers.size(), 100u);
  EXPECT_GT(taken->numbers.size(), 20u);
  EXPECT_GT(other->numbers.size(), 20u);
}

TEST_F(Stages, broadcast_everything_to_everybody) {
  const Pid producer = runtime.spawn<Broadcaster>(50);
  const auto other = nothing_taken();
  const Pid first = runtime.spawn<Consumer>(taken);
  const Pid second = runtime.spawn<Consumer>(other);
  const RuntimeScope scope(runtime);
  stage::subscribe(first, producer, {.max_demand = 7});
  stage::subscribe(second, producer, {.max_demand = 3});
  settle();
  EXPECT_EQ(taken->numbers.back(), 50);
  EXPECT_EQ(other->numbers.back(), 50);
  EXPECT_TRUE(std::is_sorted(other->numbers.begin(), other->numbers.end()));
}

TEST_F(Stages, divide_events_by_partition_and_drop_none_for_one_that_is_late) {
  const Pid producer = runtime.spawn<Divider>(100);
  consumer(taken, producer, {.max_demand = 40, .partition = 1});
  EXPECT_LT(taken->numbers.size(), 50u) << "the even ones, more than the buffer's ten, hold the odd ones up";
  const auto even = nothing_taken();
  consumer(even, producer, {.max_demand = 40, .partition = 0});
  EXPECT_EQ(taken->numbers.size(), 50u);
  EXPECT_EQ(even->numbers.size(), 50u);
  EXPECT_EQ(even->numbers.front(), 2);
}

TEST_F(Stages, that_are_both_handle_only_what_somebody_wants) {
  const Pid producer = runtime.spawn<Producer>(1'000);
  const Pid tripler = runtime.spawn<Tripler>();
  {
    const RuntimeScope scope(runtime);
    stage::subscribe(tripler, producer, {.max_demand = 10});
  }
  settle();
  EXPECT_EQ(asked(producer), 10) << "nobody wants triples yet";
  consumer(taken, tripler, {.max_demand = 6});
  EXPECT_EQ(taken->numbers.size(), 3'000u);
  EXPECT_TRUE(std::is_sorted(taken->numbers.begin(), taken->numbers.end()));
}

TEST_F(Stages, give_nothing_to_a_consumer_that_has_ended) {
  const Pid producer = runtime.spawn<Producer>();
  const Pid first = consumer(taken, producer);
  runtime.exit(first, atom("gone"));
  settle();
  emit(producer, 1, 3);
  const auto other = nothing_taken();
  consumer(other, producer);
  EXPECT_EQ(other->numbers, count_to(3));
}

TEST_F(Stages, end_with_their_producer_as_their_options_say) {
  struct Case {
    stage::Cancel cancel;
    const char* reason;
    bool lives;
  };
  for (const Case& one : {Case{stage::Cancel::permanent, "shutdown", false},
                          {stage::Cancel::permanent, "boom", false},
                          {stage::Cancel::transient, "shutdown", true},
                          {stage::Cancel::transient, "boom", false},
                          {stage::Cancel::temporary, "boom", true}}) {
    const Pid producer = runtime.spawn<Producer>();
    const Pid consuming = consumer(taken, producer, {.cancel = one.cancel});
    runtime.exit(producer, atom(one.reason));
    settle();
    EXPECT_EQ(runtime.alive(consuming), one.lives) << one.reason;
  }
}

TEST_F(Stages, end_at_once_when_the_producer_is_nobody) {
  const Pid producer = runtime.spawn<Producer>();
  runtime.exit(producer, atom("kill"));
  settle();
  const Pid consuming = consumer(taken, producer);
  EXPECT_FALSE(runtime.alive(consuming));
}

TEST_F(Stages, cancel_a_subscription_from_the_producer) {
  const Pid producer = runtime.spawn<Producer>();
  const Pid consuming = runtime.spawn<Consumer>(taken);
  const auto subscription =
      runtime.call(consuming, to_term(stage::subscribe_to(producer, {.cancel = stage::Cancel::temporary})), 1s);
  ASSERT_TRUE(subscription.ok());
  settle();
  {
    const RuntimeScope scope(runtime);
    stage::cancel(producer, *subscription->as_reference(), atom("enough"));
  }
  settle();
  emit(producer, 1, 3);
  EXPECT_TRUE(taken->numbers.empty());
  EXPECT_TRUE(runtime.alive(consuming));
}

TEST_F(Stages, refuse_a_subscription_that_cannot_be) {
  const Pid producer = runtime.spawn<Divider>(5);
  const Pid first = consumer(taken, producer, {.cancel = stage::Cancel::temporary, .partition = 2});
  EXPECT_TRUE(runtime.alive(first));
  const Pid second = consumer(taken, producer);
  EXPECT_FALSE(runtime.alive(second)) << "a permanent consumer ends with {bad_subscription, -1}";
  const auto answer =
      runtime.call(first, to_term(stage::subscribe_to(producer, {.max_demand = 5, .min_demand = 5})), 1s);
  EXPECT_EQ(answer->text(), "{error,{bad_options,<<\"max_demand is 1 or more, min_demand below it\">>}}");
}

TEST_F(Stages, subscribe_across_nodes_and_lose_their_producer_with_the_link) {
  SimulatedScheduler seeded(7);
  TwoNodes nodes(seeded);
  const auto got = nothing_taken();
  const Pid producer = nodes.runtime(0).spawn<Producer>(100);
  const Pid consuming = nodes.runtime(1).spawn<Consumer>(got);
  {
    const RuntimeScope scope(nodes.runtime(1));
    stage::subscribe(consuming, nodes.as_seen_by(1, producer), {.max_demand = 10});
  }
  seeded.run_until_idle();
  EXPECT_EQ(got->numbers, count_to(100));
  EXPECT_TRUE(nodes.runtime(1).alive(consuming));
  nodes.cut();
  seeded.run_until_idle();
  EXPECT_FALSE(nodes.runtime(1).alive(consuming)) << "permanent: it ends with noconnection";
  EXPECT_TRUE(nodes.runtime(0).alive(producer));
}

TEST_F(Stages, never_have_more_on_the_way_than_was_asked_for_on_any_seed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedScheduler seeded(seed);
    Runtime node(seeded);
    const RuntimeScope scope(node);
    const auto got = nothing_taken();
    const Pid producer = node.spawn<Producer>(500);
    const Pid tripler = node.spawn<Tripler>();
    const Pid last = node.spawn<Consumer>(got);
    stage::subscribe(last, tripler, {.max_demand = 1 + static_cast<std::int64_t>(seed % 7)});
    stage::subscribe(tripler, producer, {.max_demand = 1 + static_cast<std::int64_t>(seed % 5)});
    std::uint32_t waiting_max = 0;
    while (seeded.step()) {
      for (const Pid& pid : {producer, tripler, last}) {
        waiting_max = std::max(waiting_max, node.process_info(pid)->mailbox_length);
      }
    }
    EXPECT_EQ(got->numbers.size(), 1'500u) << seed;
    EXPECT_LE(waiting_max, 16u) << seed;
  }
}

}  // namespace
}  // namespace troupe
