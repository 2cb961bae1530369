// Whom events go to, without any process.
#include "troupe/stage_dispatchers.hpp"

#include <gtest/gtest.h>

#include <map>

namespace troupe::stage {
namespace {

using Events = std::vector<int>;
using Got = std::map<int, Events>;

Reference consumer(int number) { return {0, 0, 3, {static_cast<std::uint32_t>(number)}}; }

template <class Dispatcher>
Got dispatch(Dispatcher& dispatcher, Events& events) {
  Got got;
  dispatcher.dispatch(events, [&](const Reference& subscription, Events given) {
    Events& all = got[static_cast<int>(subscription.words[0])];
    all.insert(all.end(), given.begin(), given.end());
  });
  return got;
}

TEST(DemandDispatcher, gives_each_event_to_who_asked_for_most) {
  DemandDispatcher<int> dispatcher;
  dispatcher.subscribe(consumer(1), -1);
  dispatcher.subscribe(consumer(2), -1);
  dispatcher.ask(consumer(1), 2);
  dispatcher.ask(consumer(2), 3);
  EXPECT_EQ(dispatcher.wanted(), 5);
  Events events{1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{2, {1, 2, 3}}, {1, {4, 5}}}));
  EXPECT_EQ(events, (Events{6, 7}));
  EXPECT_EQ(dispatcher.wanted(), 0);
}

TEST(DemandDispatcher, forgets_what_a_consumer_asked_for_when_it_goes) {
  DemandDispatcher<int> dispatcher;
  dispatcher.subscribe(consumer(1), -1);
  dispatcher.ask(consumer(1), 2);
  dispatcher.cancel(consumer(1));
  dispatcher.ask(consumer(1), 2);
  EXPECT_EQ(dispatcher.wanted(), 0);
  Events events{1};
  EXPECT_TRUE(dispatch(dispatcher, events).empty());
  EXPECT_EQ(events.size(), 1u);
}

TEST(BroadcastDispatcher, goes_at_the_pace_of_the_slowest) {
  BroadcastDispatcher<int> dispatcher;
  EXPECT_EQ(dispatcher.wanted(), 0) << "nobody wants anything";
  dispatcher.subscribe(consumer(1), -1);
  dispatcher.subscribe(consumer(2), -1);
  dispatcher.ask(consumer(1), 5);
  EXPECT_EQ(dispatcher.wanted(), 0);
  dispatcher.ask(consumer(2), 2);
  Events events{1, 2, 3};
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{1, {1, 2}}, {2, {1, 2}}}));
  EXPECT_EQ(events, (Events{3}));
  dispatcher.cancel(consumer(2));
  EXPECT_EQ(dispatcher.wanted(), 3) << "who has gone holds nobody up";
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{1, {3}}}));
}

TEST(BroadcastDispatcher, gives_a_newcomer_nothing_that_it_has_not_asked_for) {
  BroadcastDispatcher<int> dispatcher;
  dispatcher.subscribe(consumer(1), -1);
  dispatcher.ask(consumer(1), 100);
  dispatcher.subscribe(consumer(2), -1);
  Events events{1, 2};
  EXPECT_TRUE(dispatch(dispatcher, events).empty());
  dispatcher.ask(consumer(2), 1);
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{1, {1}}, {2, {1}}}));
}

struct Parity {
  using produces = int;
  static constexpr std::size_t partitions = 2;
  static std::size_t partition(const int& event) { return static_cast<std::size_t>(event % 2); }
};

TEST(PartitionDispatcher, gives_each_event_to_the_consumer_of_its_partition) {
  PartitionDispatcher<Parity> dispatcher;
  EXPECT_TRUE(dispatcher.subscribe(consumer(1), 0));
  EXPECT_FALSE(dispatcher.subscribe(consumer(2), 0)) << "it is taken";
  EXPECT_FALSE(dispatcher.subscribe(consumer(2), 2));
  EXPECT_FALSE(dispatcher.subscribe(consumer(2), -1));
  EXPECT_TRUE(dispatcher.subscribe(consumer(2), 1));
  dispatcher.ask(consumer(1), 2);
  Events events{1, 2, 3, 4, 6};
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{1, {2, 4}}}));
  EXPECT_EQ(events, (Events{1, 3, 6})) << "in the order in which they came";
  dispatcher.ask(consumer(2), 5);
  EXPECT_EQ(dispatch(dispatcher, events), (Got{{2, {1, 3}}}));
  dispatcher.cancel(consumer(2));
  EXPECT_EQ(dispatcher.wanted(), 0);
  EXPECT_TRUE(dispatcher.subscribe(consumer(3), 1)) << "it is free again";
}

}  // namespace
}  // namespace troupe::stage
