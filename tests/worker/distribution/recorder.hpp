// A SignalReceiver that remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "troupe/node_name.hpp"
#include "worker/process/remote.hpp"

namespace troupe::test {

/// Used on the loop's thread, or under the test's own lock.
struct Recorder : SignalReceiver {
  std::vector<RemoteSignal> signals;
  std::vector<std::string> events;  ///< "up a@b", "down a@b reason", "drained a@b small"

  void deliver(RemoteSignal&& signal) override { signals.push_back(std::move(signal)); }
  void node_up(NodeIndex node) override { events.push_back("up " + std::string(node_name(node))); }
  void node_down(NodeIndex node, Term reason) override {
    events.push_back("down " + std::string(node_name(node)) + " " + reason.text());
  }
  void lane_drained(NodeIndex node, Lane lane) override {
    events.push_back("drained " + std::string(node_name(node)) + (lane == Lane::small ? " small" : " large"));
  }
};

}  // namespace troupe::test
