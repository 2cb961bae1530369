// Several Distributions in one thread on a simulated network. A failing seed is printed and fails again.
#include <gtest/gtest.h>

#include "tests/worker/distribution/simulated_nodes.hpp"

namespace troupe {
namespace {

using simulation::Cut;
using std::chrono::minutes;
using std::chrono::seconds;
using test::address;
using test::index_of;
using test::name;
using test::Node;
using test::World;

std::vector<std::int64_t> up_to(std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    numbers.push_back(i);
  }
  return numbers;
}

TEST(DistributionSimulation, connects_on_demand_and_delivers_in_order) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    const Node one(world, 1);
    const Node two(world, 2);
    for (std::int64_t i = 0; i < 100; ++i) {
      ASSERT_TRUE(one.send(2, i));
    }
    ASSERT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 100; }, seconds(10)));
    EXPECT_EQ(two.received(), up_to(100));
    EXPECT_EQ(node_name(two.recorder.signals[0].from.node), name(1));
    EXPECT_EQ(one.recorder.events, std::vector<std::string>{"up " + name(2)});
    EXPECT_EQ(two.recorder.events, std::vector<std::string>{"up " + name(1)});
  }
}

TEST(DistributionSimulation, simultaneous_connects_end_in_one_link_and_lose_nothing) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    const Node one(world, 1);
    const Node two(world, 2);
    world.loop.run_after(Duration(world.random.below(5'000'000)), [&] { EXPECT_TRUE(one.send(2, 0)); });
    world.loop.run_after(Duration(world.random.below(20'000'000)), [&] { EXPECT_TRUE(two.send(1, 0)); });
    ASSERT_TRUE(world.loop.run_until(
        [&] { return one.recorder.signals.size() == 1 && two.recorder.signals.size() == 1; }, seconds(20)));
    world.loop.run_for(seconds(20));
    EXPECT_EQ(one.recorder.events, std::vector<std::string>{"up " + name(2)});
    EXPECT_EQ(two.recorder.events, std::vector<std::string>{"up " + name(1)});
    EXPECT_EQ(world.network.open_connections(), 1U);
  }
}

TEST(DistributionSimulation, a_silent_cut_is_noticed_within_one_and_a_quarter_tick_times) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    const Node one(world, 1);
    const Node two(world, 2);
    ASSERT_TRUE(one.send(2, 0));
    ASSERT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 1; }, seconds(10)));
    world.loop.run_for(minutes(10));
    EXPECT_EQ(one.count("down"), 0U) << "ticks keep an idle link";
    EXPECT_GT(one.distribution->counters().ticks_sent, 20U);
    world.network.cut(address(1), address(2), Cut::silent);
    world.loop.run_for(seconds(44));
    EXPECT_EQ(one.count("down") + two.count("down"), 0U);
    world.loop.run_for(seconds(32));
    EXPECT_EQ(one.count("down " + name(2) + " net_tick_timeout"), 1U);
    EXPECT_EQ(two.count("down " + name(1) + " net_tick_timeout"), 1U);
    world.network.heal(address(1), address(2));
    ASSERT_TRUE(two.send(1, 5));
    ASSERT_TRUE(world.loop.run_until([&] { return one.recorder.signals.size() == 1; }, seconds(10)));
  }
}

TEST(DistributionSimulation, a_reset_link_is_down_once_on_each_side_and_comes_back) {
  World world(3);
  const Node one(world, 1);
  const Node two(world, 2);
  ASSERT_TRUE(one.send(2, 0));
  ASSERT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 1; }, seconds(10)));
  world.network.cut(address(1), address(2), Cut::reset);
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.count("down"), 1U);
  EXPECT_EQ(two.count("down"), 1U);
  EXPECT_TRUE(one.distribution->connected_nodes().empty());
  world.network.heal(address(1), address(2));
  EXPECT_TRUE(one.send(2, 1));
  ASSERT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 2; }, seconds(10)));
}

TEST(DistributionSimulation, a_restarted_peer_replaces_its_stale_link) {
  World world(4);
  const Node one(world, 1);
  auto two = std::make_unique<Node>(world, 2);
  ASSERT_TRUE(two->send(1, 0));
  ASSERT_TRUE(world.loop.run_until([&] { return one.recorder.signals.size() == 1; }, seconds(10)));
  // The end of the old link never reaches `one`.
  world.network.cut(address(1), address(2), Cut::silent);
  two.reset();
  world.loop.run_for(seconds(1));
  world.network.cut(address(1), address(2), Cut::silent);
  const Node again(world, 2);
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.count("down"), 0U);
  world.network.heal(address(1), address(2));
  ASSERT_TRUE(again.send(1, 7));
  ASSERT_TRUE(world.loop.run_until([&] { return one.recorder.signals.size() == 2; }, seconds(20)));
  EXPECT_EQ(one.received().back(), 7);
  EXPECT_EQ(one.count("up"), 2U);
  EXPECT_EQ(one.count("down"), 1U);
}

TEST(DistributionSimulation, an_unreachable_node_is_reported_once_and_known_for_a_while) {
  World world(5);
  const Node one(world, 1);
  ASSERT_TRUE(one.send(9, 0));
  ASSERT_TRUE(one.send(9, 1));
  ASSERT_TRUE(world.loop.run_until([&] { return one.count("down") == 1; }, seconds(10)));
  EXPECT_FALSE(one.send(9, 2));
  world.loop.run_for(seconds(1));
  EXPECT_TRUE(one.send(9, 3)) << "tried again later";
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.count("down"), 2U);
}

TEST(DistributionSimulation, names_that_are_no_address_are_unreachable) {
  World world(6);
  const Node one(world, 1);
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::link;
  for (const char* bad : {"x@host.example", "x@1.2.3", "x@1.2.3.256", "x@1.2.3.4.5", "x"}) {
    ASSERT_TRUE(one.distribution->route(intern_node_name(bad).value(), RemoteSignal(signal)));
  }
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.count("down"), 5U);
}

TEST(DistributionSimulation, a_wrong_cookie_is_refused_and_counted_on_both_sides) {
  World world(7);
  const Node one(world, 1);
  const Node two(world, 2, [](DistributionOptions& options) { options.cookies = {"other"}; });
  ASSERT_TRUE(one.send(2, 0));
  ASSERT_TRUE(world.loop.run_until([&] { return one.count("down") == 1; }, seconds(20)));
  EXPECT_EQ(one.recorder.events[0], "down " + name(2) + " bad_cookie");
  const auto bad_cookie = static_cast<std::size_t>(distribution::HandshakeFailure::bad_cookie);
  EXPECT_EQ(one.distribution->counters().handshakes_rejected.at(bad_cookie), 1U);
  EXPECT_EQ(two.distribution->counters().handshakes_rejected.at(bad_cookie), 1U);
  EXPECT_TRUE(two.recorder.events.empty());
}

TEST(DistributionSimulation, rotating_the_cookie_keeps_old_and_new_nodes_together) {
  for (const auto& [ones, twos] :
       {std::pair<std::vector<std::string>, std::vector<std::string>>{{"new", "old"}, {"old"}},
        {{"old"}, {"new", "old"}},
        {{"new", "old"}, {"new"}},
        {{"new", "old"}, {"new", "old"}}}) {
    World world(8);
    const Node one(world, 1, [&](DistributionOptions& options) { options.cookies = ones; });
    const Node two(world, 2, [&](DistributionOptions& options) { options.cookies = twos; });
    ASSERT_TRUE(one.send(2, 0));
    EXPECT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 1; }, seconds(30)));
  }
}

TEST(DistributionSimulation, a_known_port_needs_no_epmd_and_a_wrong_one_falls_back_to_it) {
  World world(9);
  const auto no_epmd = [](DistributionOptions& options) {
    options.serve_epmd = false;
    options.listen.port = 9100;
  };
  const auto know = [](DistributionOptions& options) {
    options.known_port = [](std::string_view) { return std::optional<std::uint16_t>(9100); };
  };
  const Node one(world, 1, know);
  const Node two(world, 2, no_epmd);
  const Node three(world, 3);
  ASSERT_TRUE(one.send(2, 0));
  ASSERT_TRUE(one.send(3, 0));
  EXPECT_TRUE(world.loop.run_until(
      [&] { return two.recorder.signals.size() == 1 && three.recorder.signals.size() == 1; }, seconds(20)));
}

TEST(DistributionSimulation, garbage_and_silence_are_closed_in_time_and_counted) {
  World world(10);
  const Node one(world, 1);
  const std::uint16_t port = one.distribution->port();
  std::vector<std::unique_ptr<Connection>> strangers;
  int closed = 0;
  for (const char* says : {"GET / HTTP/1.1\r\n\r\n", ""}) {
    world.network.host(address(5)).connect({address(1), port}, seconds(1), [&, says](auto connected) {
      strangers.push_back(std::move(connected).value());
      strangers.back()->start({.on_data = {}, .on_close = [&](const auto&) { ++closed; }, .on_drained = {}});
      const std::string_view text(says);
      const auto* from = reinterpret_cast<const std::byte*>(text.data());
      strangers.back()->write(Bytes(from, from + text.size()));
    });
  }
  EXPECT_TRUE(world.loop.run_until([&] { return closed == 2; }, seconds(8)));
  const auto counters = one.distribution->counters();
  EXPECT_EQ(counters.handshakes_rejected.at(static_cast<std::size_t>(distribution::HandshakeFailure::malformed)), 1U);
  EXPECT_EQ(counters.handshakes_rejected.at(static_cast<std::size_t>(distribution::HandshakeFailure::deadline)), 1U);
}

TEST(DistributionSimulation, half_open_handshakes_are_bounded) {
  World world(11);
  const Node one(world, 1, [](DistributionOptions& options) { options.handshakes_max = 4; });
  std::vector<std::unique_ptr<Connection>> strangers;
  for (int i = 0; i < 10; ++i) {
    world.network.host(address(5)).connect({address(1), one.distribution->port()}, seconds(1), [&](auto connected) {
      strangers.push_back(std::move(connected).value());
      strangers.back()->start({});
    });
  }
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.distribution->counters().handshakes_refused, 6U);
}

TEST(DistributionSimulation, a_full_link_refuses_messages_and_its_overflow_ends_it) {
  World world(12);
  const Node one(world, 1, [](DistributionOptions& options) {
    options.limits.small_bytes_max = 10'000;
    options.limits.signal_bytes_max = 10'000;
  });
  const Node two(world, 2);
  ASSERT_TRUE(one.send(2, 0));
  ASSERT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() == 1; }, seconds(10)));
  world.network.cut(address(1), address(2), Cut::silent);
  int sent = 0;
  while (sent < 10'000 && one.send(2, sent)) {
    ++sent;
  }
  EXPECT_GT(sent, 50);
  EXPECT_LT(sent, 500);
  EXPECT_GT(one.distribution->counters().messages_refused, 0U);
  RemoteSignal link;
  link.kind = RemoteSignal::Kind::link;
  link.from = Pid{0, 0, 1, 1};
  link.to = Pid{index_of(2), 1, 1, 1};
  EXPECT_TRUE(one.distribution->route(index_of(2), RemoteSignal(link))) << "links are not refused where messages are";
  for (int i = 0; i < 1'000 && one.distribution->route(index_of(2), RemoteSignal(link)); ++i) {
  }
  world.loop.run_for(seconds(1));
  EXPECT_EQ(one.count("down " + name(2) + " output_overflow"), 1U);
}

TEST(DistributionSimulation, signals_that_wait_for_a_connection_are_bounded) {
  World world(13);
  const Node one(world, 1, [](DistributionOptions& options) { options.queued_signals_max = 10; });
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(one.send(2, i));
  }
  EXPECT_FALSE(one.send(2, 10));
}

TEST(DistributionSimulation, disconnect_and_connect_say_so) {
  World world(14);
  const Node one(world, 1);
  const Node two(world, 2);
  std::vector<bool> changes;
  one.distribution->on_node_change([&](const Distribution::NodeChange& change) { changes.push_back(change.up); });
  one.distribution->connect(index_of(2));
  ASSERT_TRUE(world.loop.run_until([&] { return one.count("up") + two.count("up") == 2; }, seconds(10)));
  EXPECT_EQ(two.distribution->connected_nodes(), std::vector<NodeIndex>{index_of(1)});
  one.distribution->disconnect(index_of(2));
  ASSERT_TRUE(world.loop.run_until([&] { return two.count("down") == 1; }, seconds(10)));
  EXPECT_EQ(one.recorder.events.back(), "down " + name(2) + " disconnect");
  EXPECT_EQ(changes, (std::vector<bool>{true, false}));
}

TEST(DistributionSimulation, under_random_cuts_what_arrives_is_in_order_and_ups_and_downs_alternate) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    const Node one(world, 1);
    const Node two(world, 2);
    std::int64_t next = 0;
    for (int step = 0; step < 300; ++step) {
      switch (world.random.below(12)) {
        case 0:
          world.network.cut(address(1), address(2), world.random.below(2) == 0 ? Cut::silent : Cut::reset);
          break;
        case 1:
        case 2:
          world.network.heal(address(1), address(2));
          break;
        case 3:
          (void)two.send(1, next);
          break;
        default:
          (void)one.send(2, next);
      }
      ++next;
      world.loop.run_for(Duration(world.random.below(3'000'000'000)));
    }
    for (const Node* node : {&one, &two}) {
      const auto numbers = node->received();
      EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
      EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end()) << "duplicated";
      bool up = false;
      for (const std::string& event : node->recorder.events) {
        const bool is_up = event.starts_with("up");
        EXPECT_TRUE(!is_up || !up) << "up twice";
        up = is_up;
      }
    }
    world.network.heal(address(1), address(2));
    world.loop.run_for(minutes(2));
    const std::size_t before = two.recorder.signals.size();
    EXPECT_TRUE(one.send(2, next));
    EXPECT_TRUE(world.loop.run_until([&] { return two.recorder.signals.size() > before; }, minutes(1)));
  }
}

}  // namespace
}  // namespace troupe
