// The network seam: byte streams between endpoints, driven by an EventLoop. The platform's are TCP sockets; the
// simulation's live in memory and can be cut, delayed and reordered between connections from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace troupe {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

struct Endpoint {
  std::string host;  ///< An IPv4 literal; names are not resolved here.
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
  [[nodiscard]] std::string text() const { return host + ":" + std::to_string(port); }
};

/// One byte stream. Used on the loop's thread only. Destroying it closes it without calling `on_close`.
class Connection {
 public:
  struct Handlers {
    /// The bytes are valid during the call only.
    std::function<void(ByteView)> on_data;
    /// Once, when the stream has ended: no error when the peer closed it in an orderly way. No other callback
    /// follows. The Connection may be destroyed inside.
    std::function<void(std::optional<Error>)> on_close;
    /// The output buffer has fallen to `buffered() == 0` after having held something.
    std::function<void()> on_drained;
  };

  virtual ~Connection() = default;
  /// Must be called once, inside the accept or connect callback; reading starts then.
  virtual void start(Handlers handlers) = 0;
  /// Appends to the output buffer. Silently dropped after the close.
  virtual void write(Bytes data) = 0;
  /// Bytes written but not yet taken by the network.
  [[nodiscard]] virtual std::size_t buffered() const = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// Sends what is buffered, then closes; `on_close` is not called.
  virtual void close() = 0;
  [[nodiscard]] virtual Endpoint local() const = 0;
  [[nodiscard]] virtual Endpoint remote() const = 0;
  /// Whether the peer may speak for the node at address `host`: anybody may where streams prove nothing (TCP); over TLS
  /// its certificate decides, and nobody may before the handshake is done.
  [[nodiscard]] virtual bool peer_is(const std::string& /*host*/) const { return true; }
};

/// Accepts until it is destroyed.
class Listener {
 public:
  virtual ~Listener() = default;
  [[nodiscard]] virtual Endpoint local() const = 0;
};

class Network {
 public:
  using AcceptHandler = std::function<void(std::unique_ptr<Connection>)>;
  using ConnectHandler = std::function<void(Result<std::unique_ptr<Connection>>)>;

  virtual ~Network() = default;
  /// Port 0 takes a free one. Errors: `already_exists` when the port is taken, `permission_denied`, `invalid_argument`.
  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& at, AcceptHandler on_accept) = 0;
  /// Calls back exactly once, on the loop's thread and never inside this call. Errors: `unavailable`, `timeout`,
  /// `invalid_argument`. `from` is the local address to bind (without a port), when given.
  virtual void connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
                       std::optional<std::string> from = std::nullopt) = 0;
};

}  // namespace troupe
