// Large messages, slow peers and peers that stop, on a simulated network. A failing seed is printed and fails again.
#include <map>

#include "tests/worker/distribution/simulated_nodes.hpp"

namespace troupe {
namespace {

using distribution::LinkEnd;
using simulation::Cut;
using std::chrono::seconds;
using test::address;
using test::index_of;
using test::name;
using test::Node;
using test::World;

constexpr std::size_t mebibyte = 1024 * 1024;

RemoteSignal message(std::uint32_t from, std::int64_t number, std::size_t bytes) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::send_name;
  signal.from = Pid{0, 0, from, 1};
  signal.to_name = "box";
  signal.payload = Term::tuple({Term::integer(number), Term::binary(std::string(bytes, static_cast<char>(number)))});
  return signal;
}

RemoteSignal link(std::uint32_t from, int node) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::link;
  signal.from = Pid{0, 0, from, 1};
  signal.to = Pid{index_of(node), 1, 1, 1};
  return signal;
}

/// Carries a number, and is no message.
RemoteSignal monitor(std::uint32_t from, std::int64_t number) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::monitor;
  signal.from = Pid{0, 0, from, 1};
  signal.to_name = "box";
  signal.reference = {0, 0, 3, {static_cast<std::uint32_t>(number), 1, 1}};
  return signal;
}

std::int64_t number_of(const RemoteSignal& signal) {
  if (signal.kind == RemoteSignal::Kind::monitor) {
    return signal.reference.words[0];
  }
  return (*signal.payload.as_tuple())[0].as_integer().value();
}
std::size_t size_of(const RemoteSignal& signal) { return (*signal.payload.as_tuple())[1].as_binary()->size(); }

bool arrives(World& world, const Node& node, std::size_t signals, Duration within = seconds(100)) {
  return world.loop.run_until([&] { return node.recorder.signals.size() >= signals; }, within);
}

/// Two nodes with a link between them.
struct Pair {
  explicit Pair(World& world, const std::function<void(DistributionOptions&)>& change = {})
      : one(world, 1, change), two(world, 2, change) {
    EXPECT_TRUE(one.distribution->route(index_of(2), message(99, 0, 0)));
    EXPECT_TRUE(arrives(world, two, 1));
    two.recorder.signals.clear();
  }
  Node one;
  Node two;
};

std::uint64_t ended(const Node& node, LinkEnd why) {
  return node.distribution->counters().links_ended.at(static_cast<std::size_t>(why));
}

TEST(LinkLoad, small_messages_pass_large_ones_of_others) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    Pair nodes(world);
    for (std::uint32_t from = 1; from <= 3; ++from) {
      ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(from, from, 4 * mebibyte)));
    }
    ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(4, 4, 10)));
    ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(1, 5, 10)));
    ASSERT_TRUE(arrives(world, nodes.two, 5));
    const auto& got = nodes.two.recorder.signals;
    EXPECT_EQ(number_of(got[0]), 4);
    std::map<std::int64_t, std::size_t> position;
    for (std::size_t i = 0; i < got.size(); ++i) {
      position[number_of(got[i])] = i;
    }
    EXPECT_LT(position.at(1), position.at(5)) << "but not those of their own sender";
    EXPECT_EQ(size_of(got[position.at(3)]), 4 * mebibyte);
    EXPECT_GT(nodes.two.distribution->counters().fragments_in, 190U);
    EXPECT_EQ(nodes.two.distribution->counters().assembly_bytes, 0U);
  }
}

TEST(LinkLoad, signals_of_each_sender_arrive_in_order_whatever_their_sizes) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    Pair nodes(world);
    std::map<std::uint32_t, std::vector<std::int64_t>> sent;
    for (std::int64_t number = 1; number <= 200; ++number) {
      const auto from = static_cast<std::uint32_t>(1 + world.random.below(5));
      sent[from].push_back(number);
      if (world.random.below(5) == 0) {
        ASSERT_TRUE(nodes.one.distribution->route(index_of(2), monitor(from, number)));
      } else {
        const std::size_t bytes = world.random.below(4) == 0 ? world.random.below(300'000) : world.random.below(2'000);
        ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(from, number, bytes)));
      }
      if (world.random.below(3) == 0) {
        world.loop.run_for(Duration(world.random.below(3'000'000)));
      }
    }
    ASSERT_TRUE(arrives(world, nodes.two, 200));
    std::map<std::uint32_t, std::vector<std::int64_t>> got;
    for (const RemoteSignal& signal : nodes.two.recorder.signals) {
      got[signal.from.id].push_back(number_of(signal));
    }
    EXPECT_EQ(got, sent);
  }
}

TEST(LinkLoad, a_sender_that_pauses_while_the_link_is_busy_loses_nothing) {
  for (const std::size_t bytes : {std::size_t{1'000}, std::size_t{200'000}}) {
    World world(bytes);
    Pair nodes(world);
    const Lane lane = bytes > 65'536 ? Lane::large : Lane::small;
    const std::string drained = "drained " + name(2) + (lane == Lane::small ? " small" : " large");
    const std::int64_t count = static_cast<std::int64_t>(20 * mebibyte / bytes);
    std::size_t pauses = 0;
    for (std::int64_t number = 0; number < count; ++number) {
      const Routed routed = nodes.one.distribution->route(index_of(2), message(1, number, bytes));
      ASSERT_TRUE(routed);
      if (routed.busy) {
        EXPECT_EQ(*routed.busy, lane);
        EXPECT_TRUE(nodes.one.distribution->is_busy(index_of(2), lane));
        const std::size_t before = nodes.one.count(drained);
        ASSERT_TRUE(world.loop.run_until([&] { return nodes.one.count(drained) > before; }, seconds(100)));
        EXPECT_FALSE(nodes.one.distribution->is_busy(index_of(2), lane));
        ++pauses;
      }
    }
    EXPECT_GT(pauses, 10U);
    EXPECT_EQ(nodes.one.distribution->counters().busy_answers, pauses);
    EXPECT_EQ(nodes.one.distribution->counters().messages_refused, 0U);
    ASSERT_TRUE(arrives(world, nodes.two, static_cast<std::size_t>(count)));
    for (std::int64_t number = 0; number < count; ++number) {
      ASSERT_EQ(number_of(nodes.two.recorder.signals[static_cast<std::size_t>(number)]), number);
    }
  }
}

TEST(LinkLoad, a_peer_that_stops_reading_takes_bounded_memory_and_others_do_not_notice) {
  World world(3);
  const auto small_bounds = [](DistributionOptions& options) {
    options.limits.busy_bytes = 100'000;
    options.limits.small_bytes_max = 1'000'000;
    options.limits.large_bytes_max = 3'000'000;
  };
  Pair nodes(world, small_bounds);
  const Node three(world, 3);
  world.network.stop_reading(address(2));
  for (const auto& [bytes, bound] : {std::pair<std::size_t, std::size_t>{1'000, 1'000'000}, {200'000, 3'000'000}}) {
    std::size_t taken = 0;
    Routed routed;
    while ((routed = nodes.one.distribution->route(index_of(2), message(1, 1, bytes)))) {
      taken += bytes;
      ASSERT_LT(taken, 2 * bound);
    }
    EXPECT_EQ(routed.outcome, Routed::Outcome::full);
    EXPECT_GT(taken, bound - bound / 5);
    world.loop.run_for(seconds(1));
  }
  EXPECT_TRUE(nodes.one.distribution->route(index_of(2), link(2, 2))) << "links are not refused";
  ASSERT_TRUE(nodes.one.distribution->route(index_of(3), message(1, 7, 300'000)));
  ASSERT_TRUE(arrives(world, three, 1, seconds(5)));
  EXPECT_EQ(size_of(three.recorder.signals[0]), 300'000U);
  const std::uint64_t sent = nodes.one.distribution->counters().messages_out;
  world.network.read_again(address(2));
  ASSERT_TRUE(world.loop.run_until([&] { return nodes.one.count("drained") == 2; }, seconds(100)));
  ASSERT_TRUE(
      world.loop.run_until([&] { return nodes.two.distribution->counters().messages_in >= sent - 1; }, seconds(100)));
  EXPECT_EQ(nodes.one.count("down") + nodes.two.count("down"), 0U);
}

TEST(LinkLoad, a_large_message_under_way_and_a_link_behind_it_do_not_end_the_link) {
  World world(4);
  Pair nodes(world);
  ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(1, 1, 100 * mebibyte)));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(nodes.one.distribution->route(index_of(2), link(1, 2)));
  }
  ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(2, 2, 10))) << "nor are others refused";
  ASSERT_TRUE(arrives(world, nodes.two, 2));
  EXPECT_EQ(nodes.one.count("down"), 0U);
  EXPECT_EQ(size_of(nodes.two.recorder.signals[1]), 100 * mebibyte);
}

TEST(LinkLoad, too_many_links_for_a_peer_that_stopped_end_the_link_by_name) {
  World world(5);
  Pair nodes(world, [](DistributionOptions& options) { options.limits.signal_bytes_max = 10'000; });
  world.network.stop_reading(address(2));
  ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(1, 1, mebibyte)));
  // Half of them wait behind the large message, half in the small lane.
  for (std::uint32_t i = 0; i < 10'000 && nodes.one.distribution->route(index_of(2), link(1 + i % 2, 2)); ++i) {
  }
  world.loop.run_for(seconds(1));
  EXPECT_EQ(nodes.one.count("down " + name(2) + " output_overflow"), 1U);
  EXPECT_EQ(ended(nodes.one, LinkEnd::output_overflow), 1U);
  EXPECT_FALSE(nodes.one.distribution->is_busy(index_of(2), Lane::large));
}

TEST(LinkLoad, a_peer_killed_within_a_message_leaves_nothing) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    Pair nodes(world);
    ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(1, 1, 8 * mebibyte)));
    const std::size_t until = 1 + world.random.below(7 * mebibyte);
    ASSERT_TRUE(
        world.loop.run_until([&] { return nodes.two.distribution->counters().assembly_bytes >= until; }, seconds(100)));
    world.network.cut(address(1), address(2), Cut::reset);
    world.loop.run_for(seconds(1));
    EXPECT_EQ(nodes.two.count("down"), 1U);
    EXPECT_EQ(nodes.two.distribution->counters().assembly_bytes, 0U);
    EXPECT_TRUE(nodes.two.recorder.signals.empty()) << "no part of a message is delivered";
    EXPECT_EQ(ended(nodes.two, LinkEnd::connection_closed), 1U);
    world.network.heal(address(1), address(2));
    ASSERT_TRUE(nodes.one.distribution->route(index_of(2), message(1, 2, 100'000)));
    ASSERT_TRUE(arrives(world, nodes.two, 1));
    EXPECT_EQ(number_of(nodes.two.recorder.signals[0]), 2);
  }
}

TEST(LinkLoad, a_peer_that_sends_more_than_may_be_assembled_loses_its_link_alone) {
  World world(6);
  const Node two(world, 2, [](DistributionOptions& options) { options.limits.assembly.message_bytes_max = 500'000; });
  const Node one(world, 1);
  const Node three(world, 3);
  ASSERT_TRUE(three.distribution->route(index_of(2), message(1, 3, 400'000)));
  ASSERT_TRUE(one.distribution->route(index_of(2), message(1, 1, 600'000)));
  ASSERT_TRUE(arrives(world, two, 1));
  world.loop.run_for(seconds(5));
  EXPECT_EQ(two.count("down " + name(1) + " fragments_too_large"), 1U);
  EXPECT_EQ(two.count("down " + name(3)), 0U);
  EXPECT_EQ(ended(two, LinkEnd::fragments_too_large), 1U);
  EXPECT_EQ(two.distribution->counters().assembly_bytes, 0U);
  EXPECT_EQ(one.count("down " + name(2) + " connection_closed"), 1U);
}

}  // namespace
}  // namespace troupe
