#include "worker/node/membership.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace troupe::node {

/// Timers of the loop may outlive the Membership: they hold this weakly.
struct Membership::State : std::enable_shared_from_this<Membership::State> {
  State(EventLoop& event_loop, Random& source, std::function<void(const std::string&)> connector,
        std::function<void()> listener)
      : loop(event_loop), random(source), connect(std::move(connector)), on_change(std::move(listener)) {}

  void seek(const std::string& node_name, Duration delay) {
    loop.run_after(Duration(0), [weak = weak_from_this(), node_name, delay] {
      if (const auto self = weak.lock()) {
        self->try_connect(node_name, delay);
      }
    });
  }

  void try_connect(const std::string& node_name, Duration delay) {
    {
      const std::lock_guard lock(mutex);
      if (stopped || connected.contains(node_name) || !sought.contains(node_name)) {
        sought.erase(node_name);
        return;
      }
    }
    connect(node_name);
    const double jitter = 0.75 + 0.5 * random.unit();
    const auto next = std::chrono::duration_cast<Duration>(delay * jitter);
    loop.run_after(next, [weak = weak_from_this(), node_name, delay] {
      if (const auto self = weak.lock()) {
        self->try_connect(node_name, std::min<Duration>(delay * 2, retry_last));
      }
    });
  }

  EventLoop& loop;
  Random& random;
  std::function<void(const std::string&)> connect;
  std::function<void()> on_change;

  mutable std::mutex mutex;
  std::vector<Peer> peers;
  std::set<std::string> connected;
  std::set<std::string> sought;  ///< Have a retry timer running.
  bool stopped = false;
};

Membership::Membership(EventLoop& loop, Random& random, std::function<void(const std::string& node_name)> connect,
                       std::function<void()> on_change)
    : state_(std::make_shared<State>(loop, random, std::move(connect), std::move(on_change))) {}

Membership::~Membership() { stop(); }

void Membership::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
}

void Membership::set_peers(std::vector<Peer> peers) {
  std::vector<std::string> start;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->peers == peers || state_->stopped) {
      return;
    }
    state_->peers = std::move(peers);
    std::set<std::string> listed;
    for (const Peer& peer : state_->peers) {
      listed.insert(peer.node_name);
      if (!state_->connected.contains(peer.node_name) && state_->sought.insert(peer.node_name).second) {
        start.push_back(peer.node_name);
      }
    }
    std::erase_if(state_->sought, [&](const std::string& name) { return !listed.contains(name); });
  }
  for (const std::string& node_name : start) {
    state_->seek(node_name, retry_first);
  }
  state_->on_change();
}

void Membership::on_node_change(const std::string& node_name, bool up) {
  bool seek_again = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (up) {
      state_->connected.insert(node_name);
    } else {
      state_->connected.erase(node_name);
      const bool listed = std::any_of(state_->peers.begin(), state_->peers.end(),
                                      [&](const Peer& peer) { return peer.node_name == node_name; });
      seek_again = listed && !state_->stopped && state_->sought.insert(node_name).second;
    }
  }
  if (seek_again) {
    state_->seek(node_name, retry_first);
  }
  state_->on_change();
}

Membership::View Membership::view() const {
  const std::lock_guard lock(state_->mutex);
  View view;
  view.peers = state_->peers.size();
  view.connected_nodes = state_->connected.size();
  for (const Peer& peer : state_->peers) {
    if (!state_->connected.contains(peer.node_name)) {
      view.missing.push_back(peer.pod_name);
    }
  }
  return view;
}

}  // namespace troupe::node
