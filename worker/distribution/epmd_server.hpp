// An EPMD that knows one node: this one. Erlang nodes find a worker by asking the EPMD on its pod IP, so the worker
// answers there itself and no daemon is needed.
#pragma once

#include <list>
#include <memory>

#include "base/event_loop.hpp"
#include "base/network.hpp"
#include "worker/distribution/epmd_protocol.hpp"
#include "worker/distribution/frame_reader.hpp"

namespace troupe::distribution {

/// Serves from construction by `start` until it is destroyed, both on the loop's thread. At most 64 clients at a time,
/// 5 s each; one request a connection, as EPMD's own clients do.
class EpmdServer {
 public:
  /// `at.host` is the pod IP. Errors: those of Network::listen.
  static Result<std::unique_ptr<EpmdServer>> start(EventLoop& loop, Network& network, const Endpoint& at,
                                                   EpmdNode node);
  ~EpmdServer();
  EpmdServer(const EpmdServer&) = delete;
  EpmdServer& operator=(const EpmdServer&) = delete;

 private:
  struct Client;
  EpmdServer(EventLoop& loop, EpmdNode node);
  void accept(std::unique_ptr<Connection> connection);
  void answer(const std::shared_ptr<Client>& client, ByteView data);
  void drop(const std::shared_ptr<Client>& client);

  EventLoop& loop_;
  EpmdNode node_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Listener> listener_;
  std::list<std::shared_ptr<Client>> clients_;
};

}  // namespace troupe::distribution
