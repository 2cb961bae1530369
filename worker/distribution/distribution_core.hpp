// The inside of Distribution: peers and their links. Private to distribution*.cpp.
#pragma once

#include <array>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "worker/distribution/control_message.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/distribution/epmd_client.hpp"
#include "worker/distribution/epmd_server.hpp"
#include "worker/distribution/output_queue.hpp"

namespace troupe {

class Distribution::Core final : public distribution::PeerLinkOwner,
                                 public std::enable_shared_from_this<Distribution::Core> {
 public:
  Core(EventLoop& loop, Network& network, Random& random, SignalReceiver& receiver, DistributionOptions options);

  Result<void> start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return listener_->local().port; }
  Routed route(NodeIndex node, RemoteSignal&& signal);
  [[nodiscard]] bool is_busy(NodeIndex node, Lane lane) const;
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const;
  void disconnect(NodeIndex node);
  void connect(NodeIndex node);
  void add_listener(std::function<void(const NodeChange&)> listener) { listeners_.push_back(std::move(listener)); }
  [[nodiscard]] distribution::Counters counters() const { return counters_.read(); }

 private:
  enum class State { idle, connecting, up };

  /// What route() needs of a peer, under `mutex_`.
  struct Peer {
    State state = State::idle;
    Instant unreachable_until{};
    std::deque<RemoteSignal> queued;                  ///< While connecting.
    std::optional<distribution::OutputQueue> output;  ///< While up: what the loop has not taken yet.
    bool flush_pending = false;
    std::array<bool, 2> busy{};  ///< By Lane: a sender was told to pause.
    bool overflowed = false;
    std::size_t in_connection = 0;  ///< As of the last look of the loop.
    distribution::Flags flags = 0;
    std::uint64_t link_number = 0;  ///< Which link the output belongs to.
  };

  /// The loop's own side of a peer.
  struct Links {
    std::shared_ptr<distribution::PeerLink> up;
    std::shared_ptr<distribution::PeerLink> outgoing;
    std::uint64_t attempt = 0;  ///< Which attempt a callback belongs to; 0: none under way.
    bool asked_epmd = false;
    bool waits_for_peer = false;  ///< It said nok: its own connection is on the way.
    std::size_t cookie = 0;
    TimerId wait_timer = 0;
    std::optional<distribution::FragmentAssembly> assembly;  ///< While up, of a peer that sends fragments.
    bool flushing = false;
  };

  using Kind = RemoteSignal::Kind;

  // distribution_connect.cpp: from a name to a handshake.
  void begin_connect(NodeIndex node);
  void ask_epmd(NodeIndex node, std::uint64_t attempt);
  void dial(NodeIndex node, std::uint64_t attempt, std::uint16_t port);
  void dialled(NodeIndex node, std::uint64_t attempt, Result<std::unique_ptr<Connection>> connection);
  void next_step_after(NodeIndex node, distribution::HandshakeFailure failure, std::string_view message);
  void wait_for_peer(NodeIndex node);
  void connect_failed(NodeIndex node, std::string_view reason, std::string_view message);
  void end_attempt(Links& links);
  Links& links_of(NodeIndex node);
  /// Whether `node` is in the middle of an inbound handshake: one connection a pair is enough.
  [[nodiscard]] bool is_arriving(NodeIndex node) const;
  [[nodiscard]] bool is_current(NodeIndex node, std::uint64_t attempt) const;

  // distribution_links.cpp: PeerLinkOwner and what comes in.
  void accept(std::unique_ptr<Connection> connection);
  distribution::NameStatus decide(const distribution::PeerIdentity& peer);
  void link_up(distribution::PeerLink& link) override;
  std::optional<distribution::LinkEnd> link_frame(distribution::PeerLink& link, ByteView frame) override;
  void link_rejected(distribution::PeerLink& link, distribution::HandshakeFailure failure,
                     std::string_view message) override;
  void link_closed(distribution::PeerLink& link, distribution::LinkEnd reason) override;
  void link_drained(distribution::PeerLink& link) override;
  void link_ticked() override { counters_.ticks_sent.fetch_add(1, std::memory_order_relaxed); }
  /// Nothing while the message is not whole.
  distribution::FragmentAssembly::Taken assemble(distribution::FragmentAssembly& assembly, ByteView frame);
  void act_on(NodeIndex node, distribution::ControlMessage&& message);
  void receive(NodeIndex node, RemoteSignal&& signal);
  void open_output(NodeIndex node, const distribution::PeerLink& link);
  void drop_assembly(Links& links);
  void take_down(NodeIndex node, std::string_view reason);
  void notify(const NodeChange& change);
  [[nodiscard]] std::optional<NodeIndex> node_of(const distribution::PeerLink& link) const;
  /// Destroys a link after the callback that runs now.
  void discard(std::shared_ptr<distribution::PeerLink> link);

  // distribution_route.cpp: from route() to the link.
  Routed enqueue(Peer& peer, NodeIndex node, distribution::EncodedSignal signal, const Pid& sender, bool is_message);
  void push(Peer& peer, NodeIndex node, distribution::EncodedSignal signal, const Pid& sender, bool is_message);
  [[nodiscard]] static std::size_t waiting(const Peer& peer, Lane lane);
  void flush(NodeIndex node);
  std::vector<Bytes> take_output(NodeIndex node, std::size_t unsent);
  bool tell_drained(NodeIndex node, std::size_t unsent);
  void post(void (Core::*task)(NodeIndex), NodeIndex node);
  void overflow(NodeIndex node);
  void disconnect_now(NodeIndex node);

  EventLoop& loop_;
  Network& network_;
  Network& link_network_;
  const unsigned length_bytes_;  ///< Of the handshake's messages.
  Random& random_;
  SignalReceiver& receiver_;
  const DistributionOptions options_;
  const NodeIdentity self_;
  const distribution::HandshakeSelf handshake_self_;
  std::vector<std::function<void(const NodeChange&)>> listeners_;
  distribution::AtomicCounters counters_;

  mutable std::mutex mutex_;
  std::unordered_map<NodeIndex, Peer> peers_;

  std::unique_ptr<Listener> listener_;
  std::unique_ptr<distribution::EpmdServer> epmd_server_;
  std::unique_ptr<distribution::EpmdRegistration> epmd_registration_;
  std::unordered_map<NodeIndex, Links> links_;
  /// Of every node in `links_`. Names of strangers are not interned before they have proved the cookie.
  std::map<std::string, NodeIndex, std::less<>> known_names_;
  std::map<const distribution::PeerLink*, NodeIndex> nodes_;  ///< Of links that are up or outgoing.
  std::list<std::shared_ptr<distribution::PeerLink>> incoming_;
  std::uint64_t attempts_ = 0;
  std::uint64_t link_numbers_ = 0;
  bool stopped_ = false;
};

}  // namespace troupe
