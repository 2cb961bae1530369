#include "worker/node/node_links.hpp"

#include "base/pod_contract.hpp"

namespace troupe::node {
namespace {

DistributionOptions distribution_options(const WorkerConfig& config, std::uint32_t creation, Network* tls) {
  DistributionOptions options;
  options.node_name = config.node_name();
  options.creation = creation;
  options.cookies = {config.cookie};
  options.hidden = !config.published;
  options.listen = {config.pod_ip, pod_contract::distribution_port};
  options.connect_from = config.pod_ip;
  options.tls_network = tls;
  options.epmd_port = pod_contract::epmd_port;
  // A worker of the same cluster listens where every worker does: no need to ask its EPMD.
  options.known_port = [prefix = config.cluster + "@"](std::string_view name) -> std::optional<std::uint16_t> {
    return name.starts_with(prefix) ? std::optional(pod_contract::distribution_port) : std::nullopt;
  };
  return options;
}

std::vector<std::string> domains_of(const WorkerConfig& config) {
  return config.tls_domain.empty() ? std::vector<std::string>{} : std::vector{config.tls_domain};
}

}  // namespace

NodeLinks::NodeLinks(const WorkerConfig& config, std::uint32_t creation,
                     std::unique_ptr<platform::TlsFolder> certificates, platform::AsioLoop& loop, Random& random,
                     SignalReceiver& receiver)
    : certificates_(std::move(certificates)) {
  if (certificates_) {
    tls_.emplace(
        loop, [this] { return certificates_->current(); }, domains_of(config));
  }
  distribution_.emplace(loop, loop, random, receiver, distribution_options(config, creation, tls_ ? &*tls_ : nullptr));
}

void NodeLinks::add_to(MetricsSnapshot& seen) const {
  const distribution::Counters links = distribution_->counters();
  seen.bytes_in = links.bytes_in;
  seen.bytes_out = links.bytes_out;
  seen.messages_in = links.messages_in;
  seen.messages_out = links.messages_out;
  seen.fragments_in = links.fragments_in;
  seen.unfinished_bytes = links.assembly_bytes;
  seen.sender_pauses = links.busy_answers;
  seen.messages_refused = links.messages_refused;
  for (std::size_t i = 0; i < links.links_ended.size(); ++i) {
    seen.links_ended[std::string(distribution::to_string(static_cast<distribution::LinkEnd>(i)))] =
        links.links_ended[i];
  }
  for (std::size_t i = 0; i < links.handshakes_rejected.size(); ++i) {
    seen.handshakes_rejected[std::string(distribution::to_string(static_cast<distribution::HandshakeFailure>(i)))] =
        links.handshakes_rejected[i];
  }
  seen.handshakes_rejected["too_many"] = links.handshakes_refused;
}

Result<std::unique_ptr<platform::TlsFolder>> open_certificates(const WorkerConfig& config) {
  if (config.tls_folder.empty()) {
    return std::unique_ptr<platform::TlsFolder>();
  }
  return platform::TlsFolder::open(config.image_root + config.tls_folder);
}

}  // namespace troupe::node
