// The example's own tests: its processes in this program, without a cluster.
#include <troupe/gtest.hpp>

#include <chrono>

#include "counter.hpp"

using namespace std::chrono_literals;

class CounterTest : public troupe::test::Test {};

TEST_F(CounterTest, counts_from_its_initial_value) {
  const troupe::Pid counter = kit.start_supervised<Counter>(Counter::Args{5});
  kit.send(counter, Add{2});
  EXPECT_EQ(kit.call(counter, Read{}), 7);
}

TEST_F(CounterTest, starts_again_from_its_initial_value_after_bad_input) {
  const troupe::Pid counter = kit.start_supervised<Counter>(Counter::Args{5});
  kit.monitor(counter);
  kit.send(counter, Add{2});
  kit.send(counter, Add{-1});
  kit.expect_message<troupe::Down>();
  kit.expect_log("amount must be >= 0");
  kit.settle();
  const troupe::Pid again = kit.supervised("Counter");
  EXPECT_NE(again, counter);
  EXPECT_EQ(kit.call(again, Read{}), 5);
}

TEST(Counters, all_get_what_is_added_everywhere) {
  troupe::test::for_each_interleaving(50, [](troupe::test::TestKit& kit) {
    troupe::SupervisorSpec counters;
    counters.children = {troupe::named_child<Counter>("one", Counter::Args{1}),
                         troupe::named_child<Counter>("two", Counter::Args{2})};
    kit.start_supervised(troupe::supervisor_child("counters", counters));
    kit.send("one", AddEverywhere{10});
    kit.send("two", AddEverywhere{100});
    kit.settle();
    EXPECT_EQ(kit.call("one", Members{}), 2);
    EXPECT_EQ(kit.call("one", Read{}), 111);
    EXPECT_EQ(kit.call("two", Read{}), 112);
  });
}
