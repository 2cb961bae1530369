// From route() to the link: signals wait while a connection is made, then travel as frames that the calling thread has
// encoded. Only the order of calls decides the order on the wire.
#include "worker/distribution/distribution_core.hpp"

namespace troupe {
namespace {

/// What the loop hands to the network at a time: enough to keep a socket busy, little beside the output bound.
constexpr std::size_t in_connection_max = 1024 * 1024;

bool is_message(RemoteSignal::Kind kind) {
  return kind == RemoteSignal::Kind::send || kind == RemoteSignal::Kind::send_name ||
         kind == RemoteSignal::Kind::send_alias;
}

}  // namespace

void Distribution::Core::post(void (Core::*task)(NodeIndex), NodeIndex node) {
  loop_.post([weak = weak_from_this(), task, node] {
    if (const auto self = weak.lock(); self && !self->stopped_) {
      (*self.*task)(node);
    }
  });
}

bool Distribution::Core::route(NodeIndex node, RemoteSignal signal) {
  if (node == 0) {
    return false;
  }
  for (;;) {
    distribution::Flags flags = 0;
    std::uint64_t link_number = 0;
    {
      const std::lock_guard lock(mutex_);
      Peer& peer = peers_[node];
      if (peer.state == State::idle) {
        if (loop_.clock().now() < peer.unreachable_until) {
          return false;
        }
        peer.state = State::connecting;
        peer.queued.push_back(std::move(signal));
        post(&Core::begin_connect, node);
        return true;
      }
      if (peer.state == State::connecting) {
        if (peer.queued.size() >= options_.queued_signals_max) {
          counters_.messages_refused.fetch_add(1, std::memory_order_relaxed);
          return false;
        }
        peer.queued.push_back(std::move(signal));
        return true;
      }
      flags = peer.flags;
      link_number = peer.link_number;
    }
    Bytes frame = distribution::encode_frame(signal, flags, self_);
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    if (peer.state == State::up && peer.link_number == link_number) {
      return enqueue_encoded(peer, node, std::move(frame), is_message(signal.kind));
    }
    // The link went while we encoded: its successor may want another form.
  }
}

bool Distribution::Core::enqueue_encoded(Peer& peer, NodeIndex node, Bytes frame, bool message) {
  const std::size_t waiting = peer.outbox.size() + peer.in_connection;
  if (message && (waiting > options_.limits.output_bytes_max || frame.size() > options_.limits.frame_bytes_max)) {
    counters_.messages_refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (waiting > 2 * options_.limits.output_bytes_max && !peer.overflowed) {
    peer.overflowed = true;
    post(&Core::overflow, node);
  }
  if (peer.overflowed || frame.empty()) {
    return !peer.overflowed;
  }
  counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
  if (peer.outbox.empty()) {
    peer.outbox = std::move(frame);
  } else {
    peer.outbox.insert(peer.outbox.end(), frame.begin(), frame.end());
  }
  if (!peer.flush_pending) {
    peer.flush_pending = true;
    post(&Core::flush, node);
  }
  return true;
}

void Distribution::Core::flush(NodeIndex node) {
  const auto found = links_.find(node);
  if (found == links_.end() || !found->second.up) {
    return;
  }
  const auto link = found->second.up;
  Bytes frames;
  {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    peer.in_connection = link->unsent();
    if (peer.in_connection > in_connection_max) {
      return;  // link_drained comes back here; flush_pending stays
    }
    peer.flush_pending = false;
    frames.swap(peer.outbox);
    peer.in_connection += frames.size();  // until the network has looked at them, they count as unsent
  }
  if (!frames.empty()) {
    counters_.bytes_out.fetch_add(frames.size(), std::memory_order_relaxed);
    link->write(std::move(frames));
    const std::lock_guard lock(mutex_);
    peers_[node].in_connection = link->unsent();
  }
}

void Distribution::Core::link_drained(distribution::PeerLink& link) {
  const auto node = node_of(link);
  if (!node) {
    return;
  }
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[*node];
    peer.in_connection = link.unsent();
    again = peer.flush_pending;
  }
  if (again) {
    flush(*node);
  }
}

void Distribution::Core::overflow(NodeIndex node) {
  if (const auto found = links_.find(node); found != links_.end() && found->second.up) {
    const auto link = found->second.up;
    link->fail("output_overflow");
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
    link->fail("disconnect");
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
