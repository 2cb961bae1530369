// Keeps a link to every other worker of the cluster. Who belongs is what the API server shows; who is up is judged by
// links and ticks alone, so an API server that is away evicts nobody.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "troupe/pid.hpp"
#include "worker/node/peer_list.hpp"

namespace troupe::node {

/// Thread-safe. `connect` asks for a link; what comes of it is told through `on_node_change`.
class Membership {
 public:
  /// First retry, doubled up to the last, with jitter of a quarter.
  static constexpr Duration retry_first = std::chrono::milliseconds(100);
  static constexpr Duration retry_last = std::chrono::seconds(5);

  Membership(EventLoop& loop, Random& random, std::function<void(const std::string& node_name)> connect,
             std::function<void()> on_change);
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  /// The workers that the cluster has now. A peer that is no longer listed is not sought again; its link is left alone.
  void set_peers(std::vector<Peer> peers);
  void on_node_change(const std::string& node_name, bool up);
  /// Seeks nobody any more.
  void stop();

  struct View {
    std::size_t peers = 0;             ///< Listed.
    std::vector<std::string> missing;  ///< Names of pods without a link.
    std::size_t connected_nodes = 0;   ///< Links to any node, Erlang's too.
  };
  [[nodiscard]] View view() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace troupe::node
