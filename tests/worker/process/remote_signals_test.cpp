// Signals from another node, answered through what would be the distribution.
#include <gtest/gtest.h>

#include "tests/worker/process/fixtures.hpp"
#include "troupe/node_name.hpp"

namespace troupe {
namespace {

using RemoteKind = RemoteSignal::Kind;

struct SentAway final : RemoteNodes {
  Routed route(NodeIndex, RemoteSignal&& signal) override {
    sent.push_back(std::move(signal));
    return {};
  }
  [[nodiscard]] bool is_busy(NodeIndex, Lane) const override { return false; }
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const override { return {}; }
  void disconnect(NodeIndex) override {}
  std::vector<RemoteSignal> sent;
};

struct RemoteSignals : SimulatedNode {
  RemoteSignals() { runtime.set_remote_nodes(&nodes); }
  ~RemoteSignals() override { runtime.set_remote_nodes(nullptr); }

  RemoteSignal from_peer(RemoteKind kind, const Pid& to) {
    RemoteSignal signal;
    signal.kind = kind;
    signal.from = {intern_node_name("peer@10.0.0.2").value(), 6, 7, 8};
    signal.to = to;
    signal.reference = {signal.from.node, 6, 3, {1, 2, 3}};
    signal.unlink_id = 5;
    return signal;
  }
  SentAway nodes;
};

/// A pid of the incarnation before this one, with the numbers of a process that lives.
Pid earlier(Pid pid) {
  pid.creation = 3;
  return pid;
}

TEST_F(RemoteSignals, a_link_or_monitor_of_an_earlier_incarnation_is_answered_with_noproc) {
  const Pid stale = earlier(puppet(nothing_seen()));
  for (const RemoteKind kind : {RemoteKind::monitor, RemoteKind::link, RemoteKind::unlink}) {
    runtime.deliver(from_peer(kind, stale));
  }
  settle();
  ASSERT_EQ(nodes.sent.size(), 3U);
  EXPECT_EQ(nodes.sent[0].kind, RemoteKind::monitor_down);
  EXPECT_EQ(nodes.sent[0].from, stale);
  EXPECT_EQ(nodes.sent[0].payload.text(), "noproc");
  EXPECT_EQ(nodes.sent[1].kind, RemoteKind::exit_linked);
  EXPECT_EQ(nodes.sent[1].from, stale);
  EXPECT_EQ(nodes.sent[1].payload.text(), "noproc");
  EXPECT_EQ(nodes.sent[2].kind, RemoteKind::unlink_ack);
  EXPECT_EQ(nodes.sent[2].unlink_id, 5U);
}

TEST_F(RemoteSignals, a_link_of_an_earlier_incarnation_does_not_bind_who_has_its_number_now) {
  const Pid alive = puppet(nothing_seen());
  runtime.deliver(from_peer(RemoteKind::link, earlier(alive)));
  settle();
  EXPECT_TRUE(runtime.process_info(alive)->links.empty());
}

}  // namespace
}  // namespace troupe
