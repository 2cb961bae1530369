// Thousands of random histories of processes that send, link, monitor, spawn and end, on one node and across two, each
// checked against what Erlang promises. A failure prints its seed; run it alone with TROUPE_SEED=<seed>.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "tests/seeds.hpp"
#include "tests/simulation/two_nodes.hpp"
#include "troupe/process.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// What is known about the whole history, by what the processes report.
struct World {
  TwoNodes* nodes = nullptr;
  SeededRandom* random = nullptr;
  bool link_was_cut = false;
  std::vector<Pid> everybody[2];
  std::map<std::pair<std::string, std::string>, std::int64_t> sent;      ///< By sender and receiver.
  std::map<std::pair<std::string, std::string>, std::int64_t> received;  ///< The last number.
  struct Monitor {
    Pid owner;
    std::size_t target_end = 0;
    Pid target;  ///< As its own node names it.
    int fired = 0;
  };
  std::map<std::pair<std::size_t, Reference>, Monitor> monitors;  ///< By the owner's node.
  std::int64_t gone = 0;
  std::vector<std::string> broken;
};

std::string id_of(std::size_t end, const Pid& pid) {
  return std::to_string(end) + "/" + std::to_string(pid.id) + "/" + std::to_string(pid.serial);
}

struct Act {};
struct Numbered {
  std::string from;
  std::int64_t number = 0;
};

class Wanderer {
 public:
  using messages = troupe::messages<Act, Numbered>;
  Wanderer(World& world, std::size_t end) : world_(world), end_(end), id_(id_of(end, troupe::self())) {
    world_.everybody[end_].push_back(troupe::self());
  }
  ~Wanderer() { ++world_.gone; }

  void handle(Act) {
    switch (world_.random->below(8)) {
      case 0:
        troupe::link(somebody());
        break;
      case 1:
        troupe::unlink(somebody());
        break;
      case 2: {
        const Pid target = somebody();
        const Pid own_name{0, 0, target.id, target.serial};
        world_.monitors[{end_, troupe::monitor(target)}] = {troupe::self(), target.local() ? end_ : 1 - end_, own_name,
                                                            0};
        break;
      }
      case 3:
        troupe::spawn<Wanderer>(world_, end_);
        break;
      case 4:
        troupe::spawn_link<Wanderer>(world_, end_);
        break;
      case 5:
        if (world_.random->below(3) == 0) {
          troupe::exit(Term::atom(world_.random->below(2) == 0 ? "normal" : "boom"));
        }
        break;
      case 6:
        troupe::exit(somebody(), Term::atom(world_.random->below(2) == 0 ? "kill" : "go"));
        break;
      default:
        send_number();
        break;
    }
    send_number();
    send_number();
  }
  void handle(const Numbered& numbered) {
    std::int64_t& last = world_.received[{numbered.from, id_}];
    if (numbered.number <= last || (numbered.number != last + 1 && !world_.link_was_cut)) {
      world_.broken.push_back("from " + numbered.from + " to " + id_ + ": " + std::to_string(numbered.number) +
                              " came after " + std::to_string(last));
    }
    last = numbered.number;
  }
  void handle(const Down& down) { ++world_.monitors[{end_, down.reference}].fired; }
  void handle(const Exit&) {}

 private:
  Pid somebody() { return somebody_of(pick_end()); }
  std::size_t pick_end() { return world_.random->below(4) == 0 ? 1 - end_ : end_; }
  Pid somebody_of(std::size_t end) {
    const auto& candidates = world_.everybody[end];
    if (candidates.empty()) {
      return troupe::self();
    }
    const Pid pid = candidates[world_.random->below(candidates.size())];
    return end == end_ ? pid : world_.nodes->as_seen_by(end_, pid);
  }
  void send_number() {
    const std::size_t end = pick_end();
    const Pid to = somebody_of(end);
    const std::string receiver = to.local() ? id_of(end_, to) : id_of(end, Pid{0, 0, to.id, to.serial});
    troupe::send(to, Numbered{id_, ++world_.sent[{id_, receiver}]});
  }

  World& world_;
  std::size_t end_;
  std::string id_;
};

std::vector<std::string> history(std::uint64_t seed, bool with_cuts) {
  SimulatedScheduler scheduler(seed);
  SeededRandom choices(seed ^ 0x5eed);
  World world;
  {
    TwoNodes nodes(scheduler);
    world.nodes = &nodes;
    world.random = &choices;
    for (std::size_t end = 0; end < 2; ++end) {
      for (int i = 0; i < 4; ++i) {
        nodes.runtime(end).spawn<Wanderer>(std::ref(world), end);
      }
    }
    for (int round = 0; round < 60; ++round) {
      const std::size_t end = choices.below(2);
      const auto& candidates = world.everybody[end];
      nodes.runtime(end).post(candidates[choices.below(candidates.size())], Term::atom("act"));
      if (with_cuts && choices.below(20) == 0) {
        world.link_was_cut = true;
        nodes.cut();
        nodes.mend();
      }
      scheduler.run_for(std::chrono::microseconds(choices.below(300)));
    }
    scheduler.run_until_idle();
    for (const auto& [key, monitor] : world.monitors) {
      const auto& [owner_end, reference] = key;
      if (!nodes.runtime(owner_end).alive(monitor.owner)) {
        continue;
      }
      const bool target_lives = nodes.runtime(monitor.target_end).alive(monitor.target);
      const bool lost_sight = world.link_was_cut && monitor.target_end != owner_end;
      if (target_lives ? monitor.fired != 0 && !lost_sight : monitor.fired != 1) {
        world.broken.push_back("a monitor on a " + std::string(target_lives ? "living" : "dead") + " process fired " +
                               std::to_string(monitor.fired) + " times");
      }
    }
    std::set<std::string> alive;
    for (std::size_t end = 0; end < 2; ++end) {
      for (const Pid& pid : nodes.runtime(end).processes(10'000)) {
        alive.insert(id_of(end, pid));
      }
    }
    for (const auto& [pair, count] : world.sent) {
      if (!world.link_was_cut && alive.contains(pair.second) && world.received[pair] != count) {
        world.broken.push_back("of " + std::to_string(count) + " messages from " + pair.first + " to " + pair.second +
                               " the last to arrive was " + std::to_string(world.received[pair]));
      }
    }
    // Now everybody goes, and everything that is owed must have been paid.
    for (std::size_t end = 0; end < 2; ++end) {
      for (const Pid& pid : nodes.runtime(end).processes(10'000)) {
        nodes.runtime(end).exit(pid, Term::atom("kill"));
      }
    }
    scheduler.run_until_idle();
    for (std::size_t end = 0; end < 2; ++end) {
      if (nodes.runtime(end).counters().processes != 0) {
        world.broken.push_back("a killed process lives on");
      }
      if (nodes.runtime(end).timers() != 0) {
        world.broken.push_back("a timer was left behind");
      }
    }
  }
  if (world.gone != static_cast<std::int64_t>(world.everybody[0].size() + world.everybody[1].size())) {
    world.broken.push_back("a state was not destroyed exactly once");
  }
  for (const auto& [key, monitor] : world.monitors) {
    if (monitor.fired > 1) {
      world.broken.push_back("a monitor fired " + std::to_string(monitor.fired) + " times");
    }
  }
  return world.broken;
}

void expect_histories(bool with_cuts) {
  test::for_each_history(1'000, 50'000, [&](std::uint64_t seed) { return history(seed, with_cuts); });
}

TEST(Histories, of_two_nodes_keep_order_lose_nothing_and_fire_every_monitor_once) { expect_histories(false); }

TEST(Histories, with_a_link_that_breaks_still_keep_order_and_fire_every_monitor_once) { expect_histories(true); }

TEST(Histories, from_one_seed_are_the_same_every_time) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const auto steps = [&] {
      SimulatedScheduler scheduler(seed);
      SeededRandom choices(seed);
      World world;
      TwoNodes nodes(scheduler);
      world.nodes = &nodes;
      world.random = &choices;
      const Pid first = nodes.runtime(0).spawn<Wanderer>(std::ref(world), std::size_t{0});
      nodes.runtime(1).spawn<Wanderer>(std::ref(world), std::size_t{1});
      for (int i = 0; i < 20; ++i) {
        nodes.runtime(0).post(first, Term::atom("act"));
      }
      scheduler.run_until_idle();
      return std::pair(scheduler.steps(), world.sent);
    };
    EXPECT_EQ(steps(), steps()) << seed;
  }
}

/// Watches pids and remembers what it is told.
struct Watch {
  Pid pid;
};
struct LinkTo {
  Pid pid;
};
class Observer {
 public:
  using messages = troupe::messages<Watch, LinkTo, Response<Term>>;
  explicit Observer(std::vector<std::string>& seen) : seen_(seen) { troupe::monitor_nodes(); }
  void handle(Watch watch) { troupe::monitor(watch.pid); }
  void handle(LinkTo link) { troupe::link(link.pid); }
  void handle(const Down& down) { seen_.push_back("down " + down.reason.text()); }
  void handle(const Exit& exit) { seen_.push_back("exit " + exit.reason.text()); }
  void handle(const NodeUp& up) { seen_.push_back("nodeup " + up.node); }
  void handle(const NodeDown& down) { seen_.push_back("nodedown " + down.node); }
  void handle(const Response<Term>& response) {
    seen_.push_back(response.ok() ? "reply " + response.reply->text() : "no reply " + response.reason.text());
  }
  void handle(const Term& term) {
    if (const auto request = term.as_tuple(); request && request->size() == 3) {
      const std::string name((*request)[1].as_atom().value_or(""));
      const std::string node((*request)[2].as_atom().value_or(""));
      if (term.is_tagged("ask", 3)) {
        troupe::send_request(Destination(name, node), Term::atom("question"), 1s);
      } else {
        troupe::monitor(Destination(name, node));
      }
    }
  }

 private:
  std::vector<std::string>& seen_;
};

struct Question {};
class Oracle {
 public:
  using messages = troupe::messages<Question>;
  std::int64_t handle(Question) { return 42; }
};

class AcrossNodes : public ::testing::Test {
 protected:
  SimulatedScheduler scheduler{99};
  TwoNodes nodes{scheduler};
  std::vector<std::string> seen;
  Pid observer = nodes.runtime(0).spawn<Observer>(std::ref(seen));
  Pid oracle = nodes.runtime(1).spawn<Oracle>();

  void tell(std::string_view what, const Pid& pid) {
    nodes.runtime(0).post(observer, Term::tuple({Term::atom(what), Term::pid(nodes.as_seen_by(0, pid))}));
    scheduler.run_until_idle();
  }
  void tell_name(std::string_view what, std::string_view name) {
    nodes.runtime(0).post(observer, Term::tuple({Term::atom(what), Term::atom(name), Term::atom(TwoNodes::name(1))}));
    scheduler.run_until_idle();
  }
};

using Texts = std::vector<std::string>;

TEST_F(AcrossNodes, links_and_monitors_tell_the_exit_reason) {
  tell("watch", oracle);
  tell("link_to", oracle);
  nodes.runtime(1).exit(oracle, Term::atom("boom"));
  scheduler.run_until_idle();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Texts{"down boom", "exit boom"}));
}

TEST_F(AcrossNodes, links_and_monitors_of_nobody_tell_noproc) {
  nodes.runtime(1).exit(oracle, Term::atom("kill"));
  scheduler.run_until_idle();
  tell("watch", oracle);
  tell("link_to", oracle);
  tell_name("monitor_name", "nobody");
  EXPECT_EQ(seen, (Texts{"down noproc", "exit noproc", "down noproc"}));
}

TEST_F(AcrossNodes, a_cut_link_fires_noconnection_once) {
  tell("watch", oracle);
  tell("link_to", oracle);
  nodes.cut();
  scheduler.run_until_idle();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Texts{"down noconnection", "exit noconnection", "nodedown two@simulation"}));
  EXPECT_FALSE(nodes.runtime(1).alive(oracle)) << "it was linked and traps no exits";
  seen.clear();
  tell("watch", oracle);
  EXPECT_EQ(seen, Texts{"down noconnection"});
  nodes.mend();
  scheduler.run_until_idle();
  EXPECT_EQ(seen, (Texts{"down noconnection", "nodeup two@simulation"}));
}

TEST_F(AcrossNodes, requests_by_name_are_answered) {
  ASSERT_TRUE(nodes.runtime(1).register_name("oracle", oracle));
  tell_name("ask", "oracle");
  tell_name("ask", "nobody");
  EXPECT_EQ(seen, (Texts{"reply 42", "no reply noproc"}));
  EXPECT_TRUE(nodes.runtime(1).process_info(oracle)->monitored_by.empty());
  nodes.cut();
  tell_name("ask", "oracle");
  EXPECT_EQ(seen.back(), "no reply noconnection");
}

}  // namespace
}  // namespace troupe
