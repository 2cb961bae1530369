// From route() to the link: signals wait while a connection is made, then travel as frames that the calling thread has
// encoded. Only the order of calls decides the order on the wire.
#include "worker/distribution/distribution_core.hpp"

namespace troupe {
namespace {

/// What the loop hands to the network at a time: enough to keep a socket busy, little for a small message to wait for.
constexpr std::size_t in_connection_max = 256 * 1024;

constexpr std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }

}  // namespace

void Distribution::Core::post(void (Core::*task)(NodeIndex), NodeIndex node) {
  loop_.post([weak = weak_from_this(), task, node] {
    if (const auto self = weak.lock(); self && !self->stopped_) {
      (*self.*task)(node);
    }
  });
}

Routed Distribution::Core::route(NodeIndex node, RemoteSignal&& signal) {
  using Outcome = Routed::Outcome;
  if (node == 0) {
    return {Outcome::unreachable, {}};
  }
  for (;;) {
    distribution::Flags flags = 0;
    std::uint64_t link_number = 0;
    {
      const std::lock_guard lock(mutex_);
      Peer& peer = peers_[node];
      if (peer.state == State::idle) {
        if (loop_.clock().now() < peer.unreachable_until) {
          return {Outcome::unreachable, {}};
        }
        peer.state = State::connecting;
        peer.queued.push_back(std::move(signal));
        post(&Core::begin_connect, node);
        return {};
      }
      if (peer.state == State::connecting) {
        if (peer.queued.size() >= options_.queued_signals_max) {
          counters_.messages_refused.fetch_add(1, std::memory_order_relaxed);
          return {Outcome::full, {}};
        }
        peer.queued.push_back(std::move(signal));
        return {};
      }
      flags = peer.flags;
      link_number = peer.link_number;
    }
    distribution::EncodedSignal encoded = distribution::encode_signal(signal, flags, self_);
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    if (peer.output && peer.link_number == link_number) {
      return enqueue(peer, node, std::move(encoded), signal.from, distribution::is_message(signal.kind));
    }
    // The link went while we encoded: its successor may want another form.
  }
}

/// The network's share counts as small: a large message gets there in pieces.
std::size_t Distribution::Core::waiting(const Peer& peer, Lane lane) {
  return peer.output->bytes(lane) + (lane == Lane::small ? peer.in_connection : 0);
}

Routed Distribution::Core::enqueue(Peer& peer, NodeIndex node, distribution::EncodedSignal signal, const Pid& sender,
                                   bool is_message) {
  if (signal.frame.empty()) {
    return {};
  }
  const distribution::LinkLimits& limits = options_.limits;
  const Lane lane = peer.output->lane_of(signal, sender);
  const bool too_large = signal.frame.size() > limits.frame_bytes_max;
  if (is_message &&
      (too_large || waiting(peer, lane) > (lane == Lane::small ? limits.small_bytes_max : limits.large_bytes_max))) {
    counters_.messages_refused.fetch_add(1, std::memory_order_relaxed);
    return {Routed::Outcome::full, {}};
  }
  const bool overflows = !is_message && (too_large || peer.output->signal_bytes() > limits.signal_bytes_max);
  if (overflows && !peer.overflowed) {
    peer.overflowed = true;
    post(&Core::overflow, node);
  }
  if (peer.overflowed) {
    return {Routed::Outcome::unreachable, {}};
  }
  push(peer, node, std::move(signal), sender, is_message);
  if (!is_message || waiting(peer, lane) <= limits.busy_bytes) {
    return {};
  }
  peer.busy.at(index(lane)) = true;
  counters_.busy_answers.fetch_add(1, std::memory_order_relaxed);
  return {Routed::Outcome::sent, lane};
}

void Distribution::Core::push(Peer& peer, NodeIndex node, distribution::EncodedSignal signal, const Pid& sender,
                              bool is_message) {
  if (signal.frame.empty()) {
    return;
  }
  counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
  peer.output->push(std::move(signal), sender, is_message);
  if (!peer.flush_pending) {
    peer.flush_pending = true;
    post(&Core::flush, node);
  }
}

bool Distribution::Core::is_busy(NodeIndex node, Lane lane) const {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(node);
  return found != peers_.end() && found->second.busy.at(index(lane));
}

void Distribution::Core::flush(NodeIndex node) {
  const auto found = links_.find(node);
  if (found == links_.end() || !found->second.up || found->second.flushing) {
    return;
  }
  Links& links = found->second;
  const auto link = links.up;
  links.flushing = true;
  for (Bytes& frames : take_output(node, link->unsent())) {
    counters_.bytes_out.fetch_add(frames.size(), std::memory_order_relaxed);
    link->write(std::move(frames));
  }
  links.flushing = false;
  if (tell_drained(node, link->unsent()) && link->unsent() == 0) {
    post(&Core::flush, node);  // The network took it all at once.
  }
}

/// For what is left link_drained comes.
std::vector<Bytes> Distribution::Core::take_output(NodeIndex node, std::size_t unsent) {
  std::vector<Bytes> taken;
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[node];
  if (!peer.output) {
    return taken;
  }
  while (unsent < in_connection_max && !peer.output->empty()) {
    taken.push_back(peer.output->take());
    unsent += taken.back().size();
  }
  peer.in_connection = unsent;
  peer.flush_pending = !peer.output->empty();
  return taken;
}

/// Says whether more waits.
bool Distribution::Core::tell_drained(NodeIndex node, std::size_t unsent) {
  std::array<bool, 2> drained{};
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    if (!peer.output) {
      return false;
    }
    peer.in_connection = unsent;
    more = !peer.output->empty();
    for (const Lane lane : {Lane::small, Lane::large}) {
      if (peer.busy.at(index(lane)) && waiting(peer, lane) <= options_.limits.busy_bytes / 2) {
        peer.busy.at(index(lane)) = false;
        drained.at(index(lane)) = true;
      }
    }
  }
  for (const Lane lane : {Lane::small, Lane::large}) {
    if (drained.at(index(lane))) {
      receiver_.lane_drained(node, lane);
    }
  }
  return more;
}

void Distribution::Core::link_drained(distribution::PeerLink& link) {
  if (const auto node = node_of(link)) {
    flush(*node);
  }
}

void Distribution::Core::overflow(NodeIndex node) {
  if (const auto found = links_.find(node); found != links_.end() && found->second.up) {
    const auto link = found->second.up;
    link->fail(distribution::LinkEnd::output_overflow);
  }
}

void Distribution::Core::disconnect(NodeIndex node) { post(&Core::disconnect_now, node); }

void Distribution::Core::disconnect_now(NodeIndex node) {
  const auto found = links_.find(node);
  if (found == links_.end()) {
    return;
  }
  if (found->second.up) {
    const auto link = found->second.up;
    link->fail(distribution::LinkEnd::disconnect);
  } else if (found->second.attempt != 0) {
    connect_failed(node, "disconnect", "disconnected while connecting");
  }
}

void Distribution::Core::connect(NodeIndex node) {
  const std::lock_guard lock(mutex_);
  if (node == 0 || peers_[node].state != State::idle) {
    return;
  }
  peers_[node].state = State::connecting;
  post(&Core::begin_connect, node);
}

}  // namespace troupe
