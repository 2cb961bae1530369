// Distribution: this node's links to other nodes, Troupe's or Erlang's. Connects on demand, carries signals both ways
// and says when a node comes and goes.
//
// Semantics are OTP's (kernel net_kernel, erts dist.c): one link a pair of nodes, signals between two processes in
// order, and none after the link that carried the one before has gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "base/network.hpp"
#include "base/random.hpp"
#include "worker/distribution/counters.hpp"
#include "worker/distribution/peer_link.hpp"
#include "worker/process/remote.hpp"

namespace troupe {

struct DistributionOptions {
  /// `name@a.b.c.d`; the same name and creation as given to name_this_node(), except in a simulation of several nodes.
  std::string node_name;
  std::uint32_t creation = 1;  ///< Not 0, and another one at each start of the node.
  /// The first is used towards others, then the rest in turn while it is refused; each is accepted from others.
  std::vector<std::string> cookies;
  /// OTP's services (global, pg of unaware peers) leave hidden nodes alone.
  bool hidden = true;
  /// Where peers reach us. Port 0 takes a free one, which EPMD then tells.
  Endpoint listen;
  /// Local address of outgoing connections, when it matters.
  std::optional<std::string> connect_from;
  /// When set, links run over it and speak as Erlang's `-proto_dist inet_tls`: TLS, and 4 bytes of length in the
  /// handshake. EPMD stays on the plain one. A peer's certificate must be good for the host of its node name
  /// (Connection::peer_is). Outlives the Distribution.
  Network* tls_network = nullptr;
  /// Port of every node's EPMD, and of ours.
  std::uint16_t epmd_port = 4369;
  /// Answer as EPMD on the host of `listen` (pods). Fails at start when the port is taken.
  bool serve_epmd = true;
  /// Register with the EPMD that runs on the host of `listen` (a machine with Erlang on it).
  bool register_with_epmd = false;
  /// The port of a peer that is known without EPMD. When nothing answers there, EPMD is asked after all.
  std::function<std::optional<std::uint16_t>(std::string_view node_name)> known_port;
  distribution::LinkLimits limits;
  /// Signals that wait for one connection to be made; beyond, `route` says full.
  std::size_t queued_signals_max = 16'384;
  /// Inbound handshakes under way at one time.
  std::size_t handshakes_max = 128;
  /// After a failed connect, `route` says unreachable for this long.
  Duration retry_after = std::chrono::milliseconds(500);
};

/// route(), is_busy(), connected_nodes(), connect(), disconnect() and counters() are thread-safe; everything else,
/// destruction too, on the loop's thread or while the loop does not run. `loop`, `network`, `random` and `receiver`
/// outlive it.
class Distribution final : public RemoteNodes {
 public:
  Distribution(EventLoop& loop, Network& network, Random& random, SignalReceiver& receiver,
               DistributionOptions options);
  /// Closes every link without a word to the receiver.
  ~Distribution() override;
  Distribution(const Distribution&) = delete;
  Distribution& operator=(const Distribution&) = delete;

  /// Listens. Once. Errors: those of Network::listen, `invalid_argument` for a name that is none or without a cookie.
  Result<void> start();
  /// The port that peers connect to; after start().
  [[nodiscard]] std::uint16_t port() const;

  Routed route(NodeIndex node, RemoteSignal&& signal) override;
  [[nodiscard]] bool is_busy(NodeIndex node, Lane lane) const override;
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const override;
  /// Ends the link; the receiver hears node_down(`disconnect`).
  void disconnect(NodeIndex node) override;
  /// Makes a link if there is none, as net_kernel:connect_node/1; what comes of it shows in node_up or node_down.
  void connect(NodeIndex node);

  /// Called on the loop's thread at each node_up and node_down, after the receiver. Before start().
  struct NodeChange {
    NodeIndex node = 0;
    bool up = false;
    bool published = false;
    Term reason;  ///< Of a down.
  };
  void on_node_change(std::function<void(const NodeChange&)> listener);

  [[nodiscard]] distribution::Counters counters() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace troupe
