#include "worker/distribution/epmd_protocol.hpp"

#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

constexpr std::uint8_t names_req = 110;
constexpr std::uint8_t alive2_x_resp = 118;
constexpr std::uint8_t port2_resp = 119;
constexpr std::uint8_t alive2_req = 120;
constexpr std::uint8_t alive2_resp = 121;
constexpr std::uint8_t port_please2_req = 122;
constexpr std::uint8_t node_normal = 77;
constexpr std::uint8_t node_hidden = 72;
constexpr std::uint8_t protocol_tcp_ipv4 = 0;
constexpr std::uint16_t version_highest = 6;
constexpr std::uint16_t version_lowest = 6;

Error malformed_epmd(std::string_view what) { return Error{ErrorCode::invalid_argument, "EPMD: " + std::string(what)}; }

/// Port to extra, as ALIVE2_REQ and PORT2_RESP share them.
void append_node(Bytes& out, const EpmdNode& node) {
  append_big_endian(out, node.port);
  append_big_endian(out, node.hidden ? node_hidden : node_normal);
  append_big_endian(out, protocol_tcp_ipv4);
  append_big_endian(out, version_highest);
  append_big_endian(out, version_lowest);
  append_big_endian(out, static_cast<std::uint16_t>(node.name.size()));
  append_text(out, node.name);
  append_big_endian(out, std::uint16_t{0});
}

struct NodeFields {
  EpmdNode node;
  std::uint16_t highest = 0;
  std::uint16_t lowest = 0;
};

std::optional<NodeFields> take_node(FieldReader& reader) {
  const auto port = reader.take<std::uint16_t>();
  const auto type = reader.take<std::uint8_t>();
  const auto protocol = reader.take<std::uint8_t>();
  const auto highest = reader.take<std::uint16_t>();
  const auto lowest = reader.take<std::uint16_t>();
  const auto name_length = reader.take<std::uint16_t>();
  const auto name = name_length ? reader.take_bytes(*name_length) : std::nullopt;
  const auto extra_length = name ? reader.take<std::uint16_t>() : std::nullopt;
  if (!port || !type || !protocol || !highest || !lowest || !extra_length || !reader.take_bytes(*extra_length)) {
    return std::nullopt;
  }
  return NodeFields{{std::string(as_text(*name)), *port, *type == node_hidden}, *highest, *lowest};
}

}  // namespace

Result<EpmdRequest> decode_epmd_request(ByteView message) {
  FieldReader reader(message);
  const auto tag = reader.take<std::uint8_t>();
  if (!tag) {
    return malformed_epmd("an empty request");
  }
  switch (*tag) {
    case port_please2_req:
      return EpmdRequest(PortPlease{std::string(as_text(reader.rest()))});
    case names_req:
      return EpmdRequest(Names{});
    case alive2_req: {
      const auto fields = take_node(reader);
      return fields ? Result<EpmdRequest>(EpmdRequest(Alive{fields->node})) : malformed_epmd("an ALIVE2_REQ cut short");
    }
    default:
      return Error{ErrorCode::unsupported, "EPMD: request " + std::to_string(*tag) + " is not served"};
  }
}

Bytes encode_epmd_request(const EpmdRequest& request) {
  Bytes body;
  if (const auto* wanted = std::get_if<PortPlease>(&request)) {
    append_big_endian(body, port_please2_req);
    append_text(body, wanted->name);
  } else if (const auto* alive = std::get_if<Alive>(&request)) {
    append_big_endian(body, alive2_req);
    append_node(body, alive->node);
  } else {
    append_big_endian(body, names_req);
  }
  Bytes out;
  append_big_endian(out, static_cast<std::uint16_t>(body.size()));
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes encode_port_reply(const std::optional<EpmdNode>& node) {
  Bytes out;
  append_big_endian(out, port2_resp);
  append_big_endian(out, std::uint8_t{node ? std::uint8_t{0} : std::uint8_t{1}});
  if (node) {
    append_node(out, *node);
  }
  return out;
}

Bytes encode_names_reply(std::uint16_t epmd_port, const EpmdNode& node) {
  Bytes out;
  append_big_endian(out, std::uint32_t{epmd_port});
  append_text(out, "name " + node.name + " at port " + std::to_string(node.port) + "\n");
  return out;
}

Bytes encode_alive_refusal() {
  Bytes out;
  append_big_endian(out, alive2_x_resp);
  append_big_endian(out, std::uint8_t{1});
  append_big_endian(out, std::uint32_t{0});
  return out;
}

Result<std::optional<EpmdNode>> decode_port_reply(ByteView received) {
  FieldReader reader(received);
  const auto tag = reader.take<std::uint8_t>();
  if (tag && *tag != port2_resp) {
    return malformed_epmd("reply " + std::to_string(*tag) + " to a PORT_PLEASE2");
  }
  const auto result = reader.take<std::uint8_t>();
  if (result && *result != 0) {
    return Error{ErrorCode::not_found, "EPMD knows no node of this name"};
  }
  const auto fields = result ? take_node(reader) : std::nullopt;
  if (!fields) {
    return std::optional<EpmdNode>();
  }
  if (fields->lowest > version_highest || fields->highest < version_lowest) {
    return Error{ErrorCode::unsupported, "the node speaks distribution versions " + std::to_string(fields->lowest) +
                                             " to " + std::to_string(fields->highest) + ", not 6"};
  }
  return std::optional<EpmdNode>(fields->node);
}

Result<std::optional<std::uint32_t>> decode_alive_reply(ByteView received) {
  FieldReader reader(received);
  const auto tag = reader.take<std::uint8_t>();
  const auto result = reader.take<std::uint8_t>();
  if (tag && *tag != alive2_x_resp && *tag != alive2_resp) {
    return malformed_epmd("reply " + std::to_string(*tag) + " to an ALIVE2");
  }
  if (result && *result != 0) {
    return Error{ErrorCode::already_exists, "EPMD refuses the name: another node has it"};
  }
  if (!result) {
    return std::optional<std::uint32_t>();
  }
  if (*tag == alive2_resp) {
    const auto creation = reader.take<std::uint16_t>();
    return creation ? std::optional<std::uint32_t>(*creation) : std::optional<std::uint32_t>();
  }
  return reader.take<std::uint32_t>();
}

}  // namespace troupe::distribution
