// Distributions n1@10.0.0.1, n2@10.0.0.2, ... in one thread on a simulated network.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/simulated_network.hpp"
#include "tests/worker/distribution/recorder.hpp"
#include "worker/distribution/distribution.hpp"

namespace troupe::test {

using simulation::SimulatedLoop;
using simulation::SimulatedNetwork;

inline std::string address(int number) { return "10.0.0." + std::to_string(number); }
inline std::string name(int number) { return "n" + std::to_string(number) + "@" + address(number); }
inline NodeIndex index_of(int number) { return intern_node_name(name(number)).value(); }

struct World {
  explicit World(std::uint64_t seed) : random(seed), network(loop, random) {}
  SimulatedLoop loop;
  SeededRandom random;
  SimulatedNetwork network;
};

struct Node {
  Node(World& world, int number, const std::function<void(DistributionOptions&)>& change = {}) {
    DistributionOptions options;
    options.node_name = name(number);
    options.creation = static_cast<std::uint32_t>(world.random.below(1'000'000) + 1);
    options.cookies = {"cookie"};
    options.listen = {address(number), 0};
    if (change) {
      change(options);
    }
    distribution = std::make_unique<Distribution>(world.loop, world.network.host(address(number)), world.random,
                                                  recorder, std::move(options));
    EXPECT_TRUE(distribution->start().ok());
  }

  bool send(int to, std::int64_t number) const {
    RemoteSignal signal;
    signal.kind = RemoteSignal::Kind::send_name;
    signal.from = Pid{0, 0, 1, 1};
    signal.to_name = "box";
    signal.payload = Term::integer(number);
    return static_cast<bool>(distribution->route(index_of(to), std::move(signal)));
  }
  [[nodiscard]] std::vector<std::int64_t> received() const {
    std::vector<std::int64_t> numbers;
    for (const RemoteSignal& signal : recorder.signals) {
      numbers.push_back(signal.payload.as_integer().value_or(-1));
    }
    return numbers;
  }
  [[nodiscard]] std::size_t count(const std::string& prefix) const {
    return static_cast<std::size_t>(std::count_if(recorder.events.begin(), recorder.events.end(),
                                                  [&](const auto& event) { return event.starts_with(prefix); }));
  }

  Recorder recorder;
  std::unique_ptr<Distribution> distribution;
};

}  // namespace troupe::test
