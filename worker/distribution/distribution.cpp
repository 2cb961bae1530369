#include "worker/distribution/distribution.hpp"

#include "base/check.hpp"
#include "base/log.hpp"
#include "worker/distribution/distribution_core.hpp"

namespace troupe {
namespace {

std::string_view short_name(std::string_view node_name) { return node_name.substr(0, node_name.find('@')); }

}  // namespace

Distribution::Distribution(EventLoop& loop, Network& network, Random& random, SignalReceiver& receiver,
                           DistributionOptions options)
    : core_(std::make_shared<Core>(loop, network, random, receiver, std::move(options))) {}

Distribution::~Distribution() { core_->stop(); }

Result<void> Distribution::start() { return core_->start(); }
std::uint16_t Distribution::port() const { return core_->port(); }
Routed Distribution::route(NodeIndex node, RemoteSignal&& signal) { return core_->route(node, std::move(signal)); }
bool Distribution::is_busy(NodeIndex node, Lane lane) const { return core_->is_busy(node, lane); }
std::vector<NodeIndex> Distribution::connected_nodes() const { return core_->connected_nodes(); }
void Distribution::disconnect(NodeIndex node) { core_->disconnect(node); }
void Distribution::connect(NodeIndex node) { core_->connect(node); }
void Distribution::on_node_change(std::function<void(const NodeChange&)> listener) {
  core_->add_listener(std::move(listener));
}
distribution::Counters Distribution::counters() const { return core_->counters(); }

Distribution::Core::Core(EventLoop& loop, Network& network, Random& random, SignalReceiver& receiver,
                         DistributionOptions options)
    : loop_(loop),
      network_(network),
      link_network_(options.tls_network == nullptr ? network : *options.tls_network),
      length_bytes_(options.tls_network == nullptr ? 2 : 4),
      random_(random),
      receiver_(receiver),
      options_(std::move(options)),
      self_{options_.node_name, options_.creation},
      handshake_self_{options_.node_name, options_.creation,
                      distribution::supported | (options_.hidden ? 0 : distribution::published)} {}

Result<void> Distribution::Core::start() {
  check(listener_ == nullptr, "Distribution::start() twice");
  if (!distribution::is_node_name(options_.node_name) || options_.creation == 0) {
    return Error{ErrorCode::invalid_argument, "node name " + options_.node_name + ": name@address is wanted"};
  }
  if (options_.cookies.empty() || options_.cookies.front().empty()) {
    return Error{ErrorCode::invalid_argument, "the distribution needs a cookie"};
  }
  auto listener = link_network_.listen(
      options_.listen, [this](std::unique_ptr<Connection> connection) { accept(std::move(connection)); });
  if (!listener) {
    return listener.error().in("distribution on " + options_.listen.text());
  }
  listener_ = std::move(listener).value();
  const distribution::EpmdNode node{std::string(short_name(options_.node_name)), port(), options_.hidden};
  const Endpoint epmd{options_.listen.host, options_.epmd_port};
  if (options_.serve_epmd) {
    auto server = distribution::EpmdServer::start(loop_, network_, epmd, node);
    if (!server) {
      listener_.reset();
      return server.error();
    }
    epmd_server_ = std::move(server).value();
  }
  if (options_.register_with_epmd) {
    epmd_registration_ = std::make_unique<distribution::EpmdRegistration>(loop_, network_, epmd, node);
  }
  log_info("distribution listens", {{"node", options_.node_name},
                                    {"address", listener_->local().text()},
                                    {"visibility", options_.hidden ? "hidden" : "published"}});
  return {};
}

void Distribution::Core::stop() {
  stopped_ = true;
  listener_.reset();
  epmd_server_.reset();
  epmd_registration_.reset();
  for (auto& [node, links] : links_) {
    end_attempt(links);
    if (links.up) {
      links.up->abandon();
    }
  }
  for (const auto& link : incoming_) {
    link->abandon();
  }
  links_.clear();
  nodes_.clear();
  incoming_.clear();
  const std::lock_guard lock(mutex_);
  peers_.clear();
}

std::vector<NodeIndex> Distribution::Core::connected_nodes() const {
  const std::lock_guard lock(mutex_);
  std::vector<NodeIndex> nodes;
  for (const auto& [node, peer] : peers_) {
    if (peer.state == State::up) {
      nodes.push_back(node);
    }
  }
  return nodes;
}

}  // namespace troupe
