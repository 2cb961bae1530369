// From a node's name to a handshake: its known port first, then what its EPMD says; one cookie after the other.
#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution_core.hpp"

namespace troupe {
namespace {

bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (parts < 4) {
    const std::string_view part = host.substr(0, host.find('.'));
    unsigned value = 256;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || part.size() > 3 || read.ec != std::errc() || read.ptr != part.data() + part.size() ||
        value > 255) {
      return false;
    }
    ++parts;
    host.remove_prefix(part.size());
    if (host.empty()) {
      return parts == 4;
    }
    host.remove_prefix(1);
  }
  return false;
}

}  // namespace

bool Distribution::Core::is_current(NodeIndex node, std::uint64_t attempt) const {
  const auto found = links_.find(node);
  return !stopped_ && found != links_.end() && found->second.attempt == attempt;
}

Distribution::Core::Links& Distribution::Core::links_of(NodeIndex node) {
  known_names_.emplace(node_name(node), node);
  return links_[node];
}

bool Distribution::Core::is_arriving(NodeIndex node) const {
  const std::string_view name = node_name(node);
  return std::any_of(incoming_.begin(), incoming_.end(), [&](const auto& link) { return link->peer().name == name; });
}

void Distribution::Core::begin_connect(NodeIndex node) {
  Links& links = links_of(node);
  if (links.up || links.attempt != 0) {
    return;
  }
  const std::string_view name = node_name(node);
  if (!distribution::is_node_name(name) || !is_ipv4(distribution::host_of(name)) || name == options_.node_name) {
    return connect_failed(node, "bad_name", "only other nodes named name@<IPv4 address> can be reached");
  }
  links.attempt = ++attempts_;
  links.asked_epmd = false;
  links.cookie = 0;
  if (is_arriving(node)) {
    return wait_for_peer(node);
  }
  const auto port = options_.known_port ? options_.known_port(name) : std::nullopt;
  if (port) {
    dial(node, links.attempt, *port);
  } else {
    ask_epmd(node, links.attempt);
  }
}

void Distribution::Core::ask_epmd(NodeIndex node, std::uint64_t attempt) {
  links_of(node).asked_epmd = true;
  const std::string_view name = node_name(node);
  distribution::epmd_lookup(loop_, network_, Endpoint{distribution::host_of(name), options_.epmd_port},
                            std::string(name.substr(0, name.find('@'))), options_.limits.handshake_timeout,
                            [weak = weak_from_this(), node, attempt](const Result<distribution::EpmdNode>& found) {
                              const auto self = weak.lock();
                              if (!self || !self->is_current(node, attempt)) {
                                return;
                              }
                              if (!found) {
                                return self->connect_failed(node, "unreachable", found.error().message);
                              }
                              self->dial(node, attempt, found->port);
                            });
}

void Distribution::Core::dial(NodeIndex node, std::uint64_t attempt, std::uint16_t port) {
  link_network_.connect(
      Endpoint{distribution::host_of(node_name(node)), port}, options_.limits.handshake_timeout,
      [weak = weak_from_this(), node, attempt](Result<std::unique_ptr<Connection>> connection) {
        if (const auto self = weak.lock(); self && self->is_current(node, attempt)) {
          self->dialled(node, attempt, std::move(connection));
        }
      },
      options_.connect_from);
}

void Distribution::Core::dialled(NodeIndex node, std::uint64_t attempt,
                                 Result<std::unique_ptr<Connection>> connection) {
  Links& links = links_of(node);
  if (!connection) {
    if (!links.asked_epmd) {
      return ask_epmd(node, attempt);
    }
    return connect_failed(node, "unreachable", connection.error().message);
  }
  if (is_arriving(node)) {
    return wait_for_peer(node);
  }
  auto handshake = std::make_unique<distribution::Initiator>(handshake_self_, std::string(node_name(node)),
                                                             options_.cookies.at(links.cookie),
                                                             static_cast<std::uint32_t>(random_.next()));
  links.outgoing = std::make_shared<distribution::PeerLink>(loop_, *this, std::move(connection).value(),
                                                            std::move(handshake), length_bytes_, options_.limits);
  nodes_[links.outgoing.get()] = node;
  links.outgoing->start();
}

void Distribution::Core::next_step_after(NodeIndex node, distribution::HandshakeFailure failure,
                                         std::string_view message) {
  using distribution::HandshakeFailure;
  Links& links = links_of(node);
  const bool other_cookies = links.cookie + 1 < options_.cookies.size();
  if (failure == HandshakeFailure::already_connecting) {
    return wait_for_peer(node);
  }
  if (failure == HandshakeFailure::bad_cookie && other_cookies) {
    ++links.cookie;
    const bool by_epmd = links.asked_epmd;
    const auto port = options_.known_port && !by_epmd ? options_.known_port(node_name(node)) : std::nullopt;
    return port ? dial(node, links.attempt, *port) : ask_epmd(node, links.attempt);
  }
  const bool somebody_else = failure == HandshakeFailure::malformed || failure == HandshakeFailure::closed ||
                             failure == HandshakeFailure::bad_name;
  if (somebody_else && !links.asked_epmd) {
    return ask_epmd(node, links.attempt);
  }
  connect_failed(node, to_string(failure), message);
}

void Distribution::Core::wait_for_peer(NodeIndex node) {
  Links& links = links_of(node);
  links.waits_for_peer = true;
  const std::uint64_t attempt = links.attempt;
  links.wait_timer = loop_.run_after(options_.limits.handshake_timeout, [weak = weak_from_this(), node, attempt] {
    if (const auto self = weak.lock(); self && self->is_current(node, attempt)) {
      self->connect_failed(node, "unreachable", "the peer said that it connects to us, and did not");
    }
  });
}

void Distribution::Core::end_attempt(Links& links) {
  links.attempt = 0;
  links.waits_for_peer = false;
  loop_.cancel(links.wait_timer);
  links.wait_timer = 0;
  if (links.outgoing) {
    nodes_.erase(links.outgoing.get());
    links.outgoing->abandon();
    discard(std::move(links.outgoing));
    links.outgoing.reset();
  }
}

void Distribution::Core::connect_failed(NodeIndex node, std::string_view reason, std::string_view message) {
  end_attempt(links_of(node));
  {
    const std::lock_guard lock(mutex_);
    Peer& peer = peers_[node];
    peer.state = State::idle;
    peer.queued.clear();
    peer.unreachable_until = loop_.clock().now() + options_.retry_after;
  }
  counters_.connect_failures.fetch_add(1, std::memory_order_relaxed);
  log_info("node cannot be reached",
           {{"node", node_name(node)}, {"reason", std::string(reason)}, {"detail", std::string(message)}});
  receiver_.node_down(node, Term::atom(reason));
  notify({.node = node, .up = false, .published = false, .reason = Term::atom(reason)});
}

}  // namespace troupe
