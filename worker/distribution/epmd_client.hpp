// Asks an EPMD where a node listens, and registers this node with a foreign one.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.hpp"
#include "base/network.hpp"
#include "worker/distribution/epmd_protocol.hpp"

namespace troupe::distribution {

/// Calls back once, on the loop's thread and never inside this call. Errors: those of Network::connect and of
/// decode_port_reply, `timeout` when the answer is not there `timeout` after the call.
void epmd_lookup(EventLoop& loop, Network& network, const Endpoint& epmd, const std::string& name, Duration timeout,
                 std::function<void(Result<EpmdNode>)> done);

/// Keeps this node registered for as long as it lives: EPMD forgets a node when its connection ends. Tries again every
/// second while it is not. Used on the loop's thread.
class EpmdRegistration {
 public:
  EpmdRegistration(EventLoop& loop, Network& network, Endpoint epmd, EpmdNode node);
  ~EpmdRegistration();
  EpmdRegistration(const EpmdRegistration&) = delete;
  EpmdRegistration& operator=(const EpmdRegistration&) = delete;

  [[nodiscard]] bool registered() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace troupe::distribution
