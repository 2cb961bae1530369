// Links as they come, speak and go.
#include "base/log.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution_core.hpp"
#include "worker/distribution/net_kernel.hpp"

namespace troupe {

using distribution::HandshakeFailure;
using distribution::LinkEnd;
using distribution::NameStatus;
using distribution::PeerLink;

void Distribution::Core::accept(std::unique_ptr<Connection> connection) {
  if (incoming_.size() >= options_.handshakes_max) {
    counters_.handshakes_refused.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto handshake = std::make_unique<distribution::Acceptor>(
      handshake_self_, options_.cookies, static_cast<std::uint32_t>(random_.next()),
      [this](const distribution::PeerIdentity& peer) { return decide(peer); });
  incoming_.push_back(std::make_shared<PeerLink>(loop_, *this, std::move(connection), std::move(handshake),
                                                 length_bytes_, options_.limits));
  incoming_.back()->start();
}

NameStatus Distribution::Core::decide(const distribution::PeerIdentity& peer) {
  const auto known = known_names_.find(peer.name);
  if (known == known_names_.end()) {
    return NameStatus::ok;
  }
  const Links& links = links_.at(known->second);
  if (links.up) {
    return NameStatus::alive;
  }
  // Both connect at once: the node with the greater name goes on with its own connection, if it has one by now.
  if (links.outgoing) {
    return options_.node_name > peer.name ? NameStatus::nok : NameStatus::ok_simultaneous;
  }
  return NameStatus::ok;
}

std::optional<NodeIndex> Distribution::Core::node_of(const PeerLink& link) const {
  const auto found = nodes_.find(&link);
  return found == nodes_.end() ? std::nullopt : std::optional(found->second);
}

void Distribution::Core::discard(std::shared_ptr<PeerLink> link) {
  loop_.post([link = std::move(link)] {});
}

void Distribution::Core::link_up(PeerLink& link) {
  const auto node = intern_node_name(link.peer().name);
  const std::shared_ptr<PeerLink> held = link.shared_from_this();
  incoming_.remove(held);
  if (!node) {
    link.abandon();
    return discard(held);
  }
  if (links_of(*node).up) {
    // The peer was asked (alive) and said that it has no use for the old one.
    const auto old = links_[*node].up;
    old->fail(LinkEnd::connection_replaced);
  }
  Links& links = links_[*node];
  if (links.outgoing == held) {
    links.outgoing.reset();
  }
  end_attempt(links);
  links.up = held;
  if ((link.peer().flags & distribution::fragments) != 0) {
    links.assembly.emplace(options_.limits.assembly);
  }
  nodes_[held.get()] = *node;
  counters_.connects.fetch_add(1, std::memory_order_relaxed);
  counters_.links_up.fetch_add(1, std::memory_order_relaxed);
  log_info("node up", {{"node", link.peer().name},
                       {"address", link.remote().text()},
                       {"visibility", link.peer().published ? "published" : "hidden"}});
  receiver_.node_up(*node);
  open_output(*node, link);
  notify({.node = *node, .up = true, .published = link.peer().published, .reason = {}});
}

void Distribution::Core::open_output(NodeIndex node, const PeerLink& link) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  peer.state = State::up;
  peer.flags = link.peer().flags;
  peer.link_number = ++link_numbers_;
  peer.output.emplace((peer.flags & distribution::fragments) != 0);
  peer.in_connection = 0;
  peer.overflowed = false;
  peer.flush_pending = false;
  peer.busy = {};
  for (const RemoteSignal& signal : peer.queued) {
    push(peer, node, distribution::encode_signal(signal, peer.flags, self_), signal.from,
         distribution::is_message(signal.kind));
  }
  peer.queued.clear();
}

void Distribution::Core::drop_assembly(Links& links) {
  if (links.assembly) {
    counters_.assembly_bytes.fetch_sub(links.assembly->bytes(), std::memory_order_relaxed);
    links.assembly.reset();
  }
}

distribution::FragmentAssembly::Taken Distribution::Core::assemble(distribution::FragmentAssembly& assembly,
                                                                   ByteView frame) {
  using Taken = distribution::FragmentAssembly::Taken;
  const std::size_t before = assembly.bytes();
  Taken taken = assembly.take(frame);
  if (assembly.bytes() != before) {
    counters_.assembly_bytes.fetch_add(assembly.bytes() - before, std::memory_order_relaxed);
  }
  if (taken.outcome == Taken::Outcome::more || !taken.memory.empty()) {
    counters_.fragments_in.fetch_add(1, std::memory_order_relaxed);
  }
  return taken;
}

std::optional<LinkEnd> Distribution::Core::link_frame(PeerLink& link, ByteView frame) {
  using Taken = distribution::FragmentAssembly::Taken;
  const auto node = node_of(link);
  if (!node) {
    return std::nullopt;
  }
  counters_.bytes_in.fetch_add(frame.size() + sizeof(std::uint32_t), std::memory_order_relaxed);
  auto& assembly = links_[*node].assembly;
  const Taken taken = assembly ? assemble(*assembly, frame)
                               : Taken{.outcome = Taken::Outcome::whole, .message = frame, .memory = {}, .detail = {}};
  if (taken.outcome == Taken::Outcome::failed) {
    log_warning(
        "malformed frame ends the link",
        {{"node", link.peer().name}, {"reason", std::string(to_string(taken.failure))}, {"detail", taken.detail}});
    return taken.failure;
  }
  if (taken.outcome == Taken::Outcome::more) {
    return std::nullopt;
  }
  const EtfLimits limits{.bytes_max = options_.limits.frame_bytes_max};
  auto message = assembly ? distribution::decode_message(taken.message, *node, self_, limits)
                          : distribution::decode_frame(taken.message, *node, self_, limits);
  if (!message) {
    log_warning("malformed frame ends the link", {{"node", link.peer().name}, {"reason", message.error().message}});
    return LinkEnd::protocol_error;
  }
  counters_.messages_in.fetch_add(1, std::memory_order_relaxed);
  act_on(*node, std::move(message).value());
  return std::nullopt;
}

void Distribution::Core::act_on(NodeIndex node, distribution::ControlMessage&& message) {
  if (auto* signal = std::get_if<RemoteSignal>(&message)) {
    return receive(node, std::move(*signal));
  }
  if (const auto* spawn = std::get_if<distribution::SpawnRequest>(&message)) {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    if (peer.output) {
      (void)enqueue(peer, node, distribution::encode_spawn_refusal(*spawn, peer.flags, self_), Pid{}, true);
    }
  }
}

void Distribution::Core::receive(NodeIndex node, RemoteSignal&& signal) {
  if (!distribution::is_for_net_kernel(signal)) {
    return receiver_.deliver(std::move(signal));
  }
  if (auto answer = distribution::net_kernel_answer(signal)) {
    (void)route(node, std::move(*answer));
  }
}

void Distribution::Core::link_rejected(PeerLink& link, HandshakeFailure failure, std::string_view message) {
  counters_.handshakes_rejected.at(static_cast<std::size_t>(failure)).fetch_add(1, std::memory_order_relaxed);
  // Probes that open and close a port, and two nodes that connect at once, are everyday events.
  const bool everyday = link.bytes_read() == 0 || failure == HandshakeFailure::already_connecting ||
                        failure == HandshakeFailure::duplicate;
  log(everyday ? LogLevel::debug : LogLevel::warning, "handshake failed",
      {{"address", link.remote().text()},
       {"node", link.peer().name},
       {"reason", to_string(failure)},
       {"detail", std::string(message)}});
  const std::shared_ptr<PeerLink> held = link.shared_from_this();
  const auto node = node_of(link);
  incoming_.remove(held);
  nodes_.erase(&link);
  discard(held);
  if (node && links_[*node].outgoing == held) {
    links_[*node].outgoing.reset();
    return next_step_after(*node, failure, message);
  }
  // Whoever waited for this connection of the peer's now makes one.
  if (const auto known = known_names_.find(link.peer().name); known != known_names_.end()) {
    Links& links = links_.at(known->second);
    if (links.waits_for_peer && !is_arriving(known->second)) {
      end_attempt(links);
      begin_connect(known->second);
    }
  }
}

void Distribution::Core::link_closed(PeerLink& link, LinkEnd reason) {
  const std::shared_ptr<PeerLink> held = link.shared_from_this();
  const auto node = node_of(link);
  nodes_.erase(&link);
  discard(held);
  if (node && links_[*node].up == held) {
    links_[*node].up.reset();
    drop_assembly(links_[*node]);
    counters_.links_ended.at(static_cast<std::size_t>(reason)).fetch_add(1, std::memory_order_relaxed);
    take_down(*node, to_string(reason));
  }
}

void Distribution::Core::take_down(NodeIndex node, std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    peer.state = State::idle;
    peer.output.reset();
    peer.flush_pending = false;
    peer.busy = {};
    peer.in_connection = 0;
  }
  counters_.links_up.fetch_sub(1, std::memory_order_relaxed);
  log_info("node down", {{"node", node_name(node)}, {"reason", std::string(reason)}});
  receiver_.node_down(node, Term::atom(reason));
  notify({.node = node, .up = false, .published = false, .reason = Term::atom(reason)});
}

void Distribution::Core::notify(const NodeChange& change) {
  for (const auto& listener : listeners_) {
    listener(change);
  }
}

}  // namespace troupe
