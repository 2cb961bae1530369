#include "worker/distribution/epmd_server.hpp"

namespace troupe::distribution {
namespace {
constexpr std::size_t clients_max = 64;
constexpr std::chrono::seconds client_timeout{5};

Bytes reply_to(const EpmdRequest& request, const EpmdNode& node, std::uint16_t epmd_port) {
  if (const auto* wanted = std::get_if<PortPlease>(&request)) {
    return encode_port_reply(wanted->name == node.name ? std::optional(node) : std::nullopt);
  }
  return std::holds_alternative<Names>(request) ? encode_names_reply(epmd_port, node) : encode_alive_refusal();
}
}  // namespace

struct EpmdServer::Client {
  std::unique_ptr<Connection> connection;
  FrameReader reader{2, epmd_request_bytes_max};
  TimerId timer = 0;
};

EpmdServer::EpmdServer(EventLoop& loop, EpmdNode node) : loop_(loop), node_(std::move(node)) {}

Result<std::unique_ptr<EpmdServer>> EpmdServer::start(EventLoop& loop, Network& network, const Endpoint& at,
                                                      EpmdNode node) {
  std::unique_ptr<EpmdServer> server(new EpmdServer(loop, std::move(node)));
  auto listener = network.listen(
      at, [raw = server.get()](std::unique_ptr<Connection> connection) { raw->accept(std::move(connection)); });
  if (!listener) {
    return listener.error().in("EPMD on " + at.text());
  }
  server->listener_ = std::move(listener).value();
  server->port_ = server->listener_->local().port;
  return server;
}

EpmdServer::~EpmdServer() {
  for (const auto& client : clients_) {
    loop_.cancel(client->timer);
  }
}

void EpmdServer::accept(std::unique_ptr<Connection> connection) {
  if (clients_.size() >= clients_max) {
    return;
  }
  const auto client = std::make_shared<Client>();
  client->connection = std::move(connection);
  clients_.push_back(client);
  // Clients are destroyed with the server, and with them these handlers.
  client->timer = loop_.run_after(client_timeout, [this, client] { drop(client); });
  const std::weak_ptr<Client> weak = client;
  client->connection->start({.on_data =
                                 [this, weak](ByteView data) {
                                   if (const auto asking = weak.lock()) {
                                     answer(asking, data);
                                   }
                                 },
                             .on_close =
                                 [this, weak](const std::optional<Error>&) {
                                   if (const auto gone = weak.lock()) {
                                     drop(gone);
                                   }
                                 },
                             .on_drained = {}});
}

void EpmdServer::answer(const std::shared_ptr<Client>& client, ByteView data) {
  client->reader.append(data);
  const auto frame = client->reader.next();
  if (frame.ok() && !frame->has_value()) {
    return;
  }
  if (frame.ok()) {
    if (const auto request = decode_epmd_request(**frame)) {
      client->connection->write(reply_to(*request, node_, port_));
    }
  }
  client->connection->close();
  drop(client);
}

void EpmdServer::drop(const std::shared_ptr<Client>& client) {
  loop_.cancel(client->timer);
  clients_.remove(client);
  // A connection must outlive the handler that runs now.
  loop_.post([client] {});
}

}  // namespace troupe::distribution
