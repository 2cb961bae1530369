// The messages of EPMD, the Erlang Port Mapper Daemon (erl_dist_protocol "EPMD Protocol"), as bytes. Requests have a
// 2-byte length in front, replies none: they end where their fields say or where the connection ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/network.hpp"
#include "base/result.hpp"

namespace troupe::distribution {

/// Longer than any request: a name and the fields around it.
inline constexpr std::size_t epmd_request_bytes_max = 512;
inline constexpr std::size_t epmd_reply_bytes_max = 64 * 1024;

/// What EPMD knows of a node. `name` is the part before the '@'.
struct EpmdNode {
  std::string name;
  std::uint16_t port = 0;
  bool hidden = false;

  bool operator==(const EpmdNode&) const = default;
};

struct PortPlease {
  std::string name;
};
struct Names {};
struct Alive {
  EpmdNode node;
};
using EpmdRequest = std::variant<PortPlease, Names, Alive>;

/// A request without its length. `unsupported` for those that only a daemon's own tools send (KILL, DUMP, STOP).
Result<EpmdRequest> decode_epmd_request(ByteView message);
/// With its length in front.
[[nodiscard]] Bytes encode_epmd_request(const EpmdRequest& request);

[[nodiscard]] Bytes encode_port_reply(const std::optional<EpmdNode>& node);
[[nodiscard]] Bytes encode_names_reply(std::uint16_t epmd_port, const EpmdNode& node);
/// ALIVE2_X_RESP with result 1: this EPMD serves one node alone.
[[nodiscard]] Bytes encode_alive_refusal();

/// Reads what has arrived of a reply to PORT_PLEASE2. Nothing while it is not whole; `not_found` when the node is not
/// registered; `unsupported` when it speaks no version 6.
Result<std::optional<EpmdNode>> decode_port_reply(ByteView received);
/// Reads what has arrived of a reply to ALIVE2: the creation that EPMD has chosen; `already_exists` when it refuses.
Result<std::optional<std::uint32_t>> decode_alive_reply(ByteView received);

}  // namespace troupe::distribution
