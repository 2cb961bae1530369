// What a process does when the link to another node is busy or full.
#include "tests/worker/process/fixtures.hpp"
#include "troupe/node_name.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// Takes every signal, and says what the test wants said.
struct Links final : RemoteNodes {
  std::vector<RemoteSignal> signals;
  Routed answer;
  std::optional<Lane> busy;

  Routed route(NodeIndex /*node*/, RemoteSignal&& signal) override {
    signals.push_back(std::move(signal));
    return answer;
  }
  [[nodiscard]] bool is_busy(NodeIndex /*node*/, Lane lane) const override { return busy == lane; }
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const override { return {peer}; }
  void disconnect(NodeIndex /*node*/) override {}

  const NodeIndex peer = intern_node_name("peer@10.0.0.2").value();
  const Pid far{peer, 1, 5, 1};
};

class BusyLinks : public SimulatedNode {
 protected:
  BusyLinks() { runtime.set_remote_nodes(&links); }
  ~BusyLinks() override { runtime.set_remote_nodes(nullptr); }

  /// A process that sends three messages to the peer, one in each handler, the first of them on a busy link.
  Pid flooder(Lane lane) {
    links.busy = lane;
    links.answer.busy = lane;
    const Pid pid = puppet(nothing_seen());
    for (int i = 0; i < 3; ++i) {
      tell(pid, [this] { EXPECT_EQ(troupe::send(links.far, Term::atom("hello")), SendResult::sent); });
    }
    scheduler.run_for(1s);
    return pid;
  }
  void drain(Lane lane) {
    links.busy.reset();
    links.answer.busy.reset();
    runtime.lane_drained(links.peer, lane);
    scheduler.run_for(1s);
  }

  Links links;
};

TEST_F(BusyLinks, make_a_sender_pause_after_its_handler_until_the_lane_has_drained) {
  for (const Lane lane : {Lane::small, Lane::large}) {
    links.signals.clear();
    flooder(lane);
    EXPECT_EQ(links.signals.size(), 1U);
    runtime.lane_drained(links.peer, lane == Lane::small ? Lane::large : Lane::small);
    scheduler.run_for(1s);
    EXPECT_EQ(links.signals.size(), 1U) << "the other lane is another matter";
    drain(lane);
    EXPECT_EQ(links.signals.size(), 3U);
  }
}

TEST_F(BusyLinks, that_go_down_let_the_sender_go_on) {
  flooder(Lane::small);
  links.busy.reset();
  links.answer.busy.reset();
  runtime.node_down(links.peer, Term::atom("connection_closed"));
  scheduler.run_for(1s);
  EXPECT_EQ(links.signals.size(), 3U);
}

TEST_F(BusyLinks, that_have_drained_by_the_end_of_the_handler_make_nobody_pause) {
  links.answer.busy = Lane::small;
  const Pid pid = puppet(nothing_seen());
  for (int i = 0; i < 3; ++i) {
    tell(pid, [this] { troupe::send(links.far, Term::atom("hello")); });
  }
  scheduler.run_for(1s);
  EXPECT_EQ(links.signals.size(), 3U);
}

TEST_F(BusyLinks, that_never_drain_hold_a_sender_for_a_bounded_time) {
  flooder(Lane::large);
  scheduler.run_for(57s);
  EXPECT_EQ(links.signals.size(), 1U);
  scheduler.run_for(5s);
  EXPECT_EQ(links.signals.size(), 2U);
}

TEST_F(BusyLinks, do_not_keep_a_paused_process_from_being_killed) {
  const Pid pid = flooder(Lane::small);
  {
    const RuntimeScope scope(runtime);
    troupe::exit(pid, Term::atom("kill"));
  }
  scheduler.run_for(1s);
  EXPECT_EQ(runtime.counters().processes, 0U);
  EXPECT_EQ(links.signals.size(), 1U);
}

TEST_F(BusyLinks, that_are_full_say_so_to_the_sender) {
  links.answer.outcome = Routed::Outcome::full;
  const Pid pid = puppet(nothing_seen());
  run_in(pid, [this] { EXPECT_EQ(troupe::send(links.far, Term::atom("hello")), SendResult::full); });
  links.answer.outcome = Routed::Outcome::unreachable;
  run_in(pid, [this] { EXPECT_EQ(troupe::send(links.far, Term::atom("hello")), SendResult::unreachable); });
  EXPECT_EQ(links.signals.size(), 2U);
}

}  // namespace
}  // namespace troupe
