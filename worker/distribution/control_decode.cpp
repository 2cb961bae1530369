// Frames -> signals.
#include <array>
#include <optional>
#include <span>

#include "worker/distribution/control_codes.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/term/etf_field.hpp"

namespace troupe::distribution {
namespace {

using Kind = RemoteSignal::Kind;

/// SPAWN_REQUEST_TT has the most.
constexpr std::size_t fields_max = 7;

/// How the tuple of one operation is read. Positions count from the operation at 0; 0 means "not there".
struct Shape {
  std::int64_t operation;
  std::size_t size;
  Kind kind;
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t reference = 0;
  std::size_t reason = 0;
  std::size_t unlink_id = 0;
  bool has_payload = false;
};

// The _TT twins carry a trace token, which is passed over.
constexpr Shape shapes[] = {
    {.operation = code::link, .size = 3, .kind = Kind::link, .from = 1, .to = 2},
    {.operation = code::send, .size = 3, .kind = Kind::send, .to = 2, .has_payload = true},
    {.operation = code::send_tt, .size = 4, .kind = Kind::send, .to = 2, .has_payload = true},
    {.operation = code::send_sender, .size = 3, .kind = Kind::send, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::send_sender_tt, .size = 4, .kind = Kind::send, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::reg_send, .size = 4, .kind = Kind::send_name, .from = 1, .to = 3, .has_payload = true},
    {.operation = code::reg_send_tt, .size = 5, .kind = Kind::send_name, .from = 1, .to = 3, .has_payload = true},
    {.operation = code::alias_send,
     .size = 3,
     .kind = Kind::send_alias,
     .from = 1,
     .reference = 2,
     .has_payload = true},
    {.operation = code::alias_send_tt,
     .size = 4,
     .kind = Kind::send_alias,
     .from = 1,
     .reference = 2,
     .has_payload = true},
    {.operation = code::exit, .size = 4, .kind = Kind::exit_linked, .from = 1, .to = 2, .reason = 3},
    {.operation = code::exit_tt, .size = 5, .kind = Kind::exit_linked, .from = 1, .to = 2, .reason = 4},
    {.operation = code::payload_exit, .size = 3, .kind = Kind::exit_linked, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::payload_exit_tt, .size = 4, .kind = Kind::exit_linked, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::exit2, .size = 4, .kind = Kind::exit, .from = 1, .to = 2, .reason = 3},
    {.operation = code::exit2_tt, .size = 5, .kind = Kind::exit, .from = 1, .to = 2, .reason = 4},
    {.operation = code::payload_exit2, .size = 3, .kind = Kind::exit, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::payload_exit2_tt, .size = 4, .kind = Kind::exit, .from = 1, .to = 2, .has_payload = true},
    {.operation = code::unlink, .size = 3, .kind = Kind::unlink, .from = 1, .to = 2},
    {.operation = code::unlink_id, .size = 4, .kind = Kind::unlink, .from = 2, .to = 3, .unlink_id = 1},
    {.operation = code::unlink_id_ack, .size = 4, .kind = Kind::unlink_ack, .from = 2, .to = 3, .unlink_id = 1},
    {.operation = code::monitor_p, .size = 4, .kind = Kind::monitor, .from = 1, .to = 2, .reference = 3},
    {.operation = code::demonitor_p, .size = 4, .kind = Kind::demonitor, .from = 1, .to = 2, .reference = 3},
    {.operation = code::monitor_p_exit,
     .size = 5,
     .kind = Kind::monitor_down,
     .from = 1,
     .to = 2,
     .reference = 3,
     .reason = 4},
    {.operation = code::payload_monitor_p_exit,
     .size = 4,
     .kind = Kind::monitor_down,
     .from = 1,
     .to = 2,
     .reference = 3,
     .has_payload = true},
    {.operation = code::group_leader, .size = 3, .kind = Kind::group_leader, .from = 1, .to = 2},
};

const Shape* shape_of(std::int64_t operation) {
  for (const Shape& shape : shapes) {
    if (shape.operation == operation) {
      return &shape;
    }
  }
  return nullptr;
}

/// Also when nobody is there to take it.
bool is_answered(Kind kind) { return kind == Kind::link || kind == Kind::unlink || kind == Kind::monitor; }
bool takes_name_of_from(Kind kind) { return kind == Kind::monitor_down; }
bool takes_name_of_to(Kind kind) { return kind == Kind::send_name || kind == Kind::monitor || kind == Kind::demonitor; }

Error malformed_message(std::string_view what) {
  return Error{ErrorCode::invalid_argument, "control message: " + std::string(what)};
}

/// Puts a pid, or where allowed a name, into the signal.
bool read_party(const EtfField& field, bool name_allowed, Pid& pid, std::string& name) {
  if (const auto value = field.as_pid()) {
    pid = *value;
    return true;
  }
  if (const auto value = field.as_atom(); value && name_allowed) {
    name = *value;
    return true;
  }
  return false;
}

std::optional<Error> read_fields(std::span<const EtfField> fields, const Shape& shape, RemoteSignal& signal) {
  // A sender may be any pid: processes forward in the name of others.
  if (shape.from != 0 &&
      !read_party(fields[shape.from], takes_name_of_from(shape.kind), signal.from, signal.from_name)) {
    return malformed_message("no pid as the sender");
  }
  if (shape.to != 0 && !read_party(fields[shape.to], takes_name_of_to(shape.kind), signal.to, signal.to_name)) {
    return malformed_message("no process as the receiver");
  }
  if (shape.kind == Kind::send_name && signal.to_name.empty()) {
    return malformed_message("no name as the receiver");
  }
  if (shape.reference != 0) {
    const auto reference = fields[shape.reference].as_reference();
    if (!reference) {
      return malformed_message("no reference where one must stand");
    }
    signal.reference = *reference;
  }
  if (shape.unlink_id != 0) {
    // An unsigned 64-bit number; beyond 2^63 it is a big integer that our peers never reach by counting.
    const auto id = fields[shape.unlink_id].as_integer();
    if (!id || *id <= 0) {
      return malformed_message("no unlink id where one must stand");
    }
    signal.unlink_id = static_cast<std::uint64_t>(*id);
  }
  if (shape.reason != 0) {
    signal.payload = fields[shape.reason].as_term();
  }
  return std::nullopt;
}

/// See decode_frame.
bool has_foreign_sender(const RemoteSignal& signal, NodeIndex peer) {
  return !is_message(signal.kind) && signal.from_name.empty() && signal.from.node != peer;
}

bool is_for_this_node(const RemoteSignal& signal) {
  if (signal.kind == Kind::send_alias) {
    return signal.reference.node == 0 && signal.reference.creation == 0;
  }
  const bool to_earlier_incarnation = signal.to.node == 0 && !signal.to.local();
  return !signal.to_name.empty() || signal.to.local() || (to_earlier_incarnation && is_answered(signal.kind));
}

Result<ControlMessage> decode_spawn_request(std::span<const EtfField> fields, ByteView& rest, const NodeIdentity& self,
                                            const EtfLimits& limits, bool with_versions) {
  const bool sized = fields.size() == 6 || fields.size() == 7;
  const auto request = sized ? fields[1].as_reference() : std::nullopt;
  const auto from = sized ? fields[2].as_pid() : std::nullopt;
  if (!request || !from) {
    return malformed_message("a malformed SPAWN_REQUEST");
  }
  if (auto arguments = decode_leading_term(rest, limits, self, with_versions); !arguments) {
    return arguments.error().in("arguments of SPAWN_REQUEST");
  }
  return ControlMessage(SpawnRequest{*request, *from});
}

Result<ControlMessage> decode_tuple(std::span<const EtfField> fields, ByteView& rest, NodeIndex peer,
                                    const NodeIdentity& self, const EtfLimits& limits, bool with_versions) {
  const auto operation = fields.empty() ? std::nullopt : fields[0].as_integer();
  if (!operation) {
    return malformed_message("no operation in front");
  }
  if (*operation == code::spawn_request || *operation == code::spawn_request_tt) {
    return decode_spawn_request(fields, rest, self, limits, with_versions);
  }
  if (*operation == code::spawn_reply || *operation == code::spawn_reply_tt) {
    return ControlMessage(NothingToDo{});
  }
  const Shape* shape = shape_of(*operation);
  if (shape == nullptr || fields.size() != shape->size) {
    return malformed_message("operation " + std::to_string(*operation) + " with " + std::to_string(fields.size() - 1) +
                             " fields");
  }
  Result<ControlMessage> message{ControlMessage(RemoteSignal{})};
  auto& signal = std::get<RemoteSignal>(*message);
  signal.kind = shape->kind;
  if (auto error = read_fields(fields, *shape, signal)) {
    return *error;
  }
  if (shape->has_payload) {
    auto payload = decode_leading_term(rest, limits, self, with_versions);
    if (!payload) {
      return payload.error().in("payload of operation " + std::to_string(*operation));
    }
    signal.payload = std::move(payload).value();
  }
  if (has_foreign_sender(signal, peer)) {
    return malformed_message("a process of another node as the sender");
  }
  if (!is_for_this_node(signal)) {
    message = ControlMessage(NothingToDo{});
  }
  return message;
}

Result<ControlMessage> decode_terms(ByteView terms, bool with_versions, NodeIndex peer, const NodeIdentity& self,
                                    const EtfLimits& limits) {
  ByteView rest = terms;
  std::array<EtfField, fields_max> fields;
  const auto arity = decode_leading_fields(rest, limits, self, with_versions, fields);
  if (!arity) {
    return arity.error().in("control message");
  }
  auto message = decode_tuple(std::span<const EtfField>(fields).first(*arity), rest, peer, self, limits, with_versions);
  if (message.ok() && !rest.empty()) {
    return malformed_message(std::to_string(rest.size()) + " bytes behind the message");
  }
  return message;
}

}  // namespace

bool is_message(Kind kind) { return kind == Kind::send || kind == Kind::send_name || kind == Kind::send_alias; }

Result<ControlMessage> decode_frame(ByteView frame, NodeIndex peer, const NodeIdentity& self, const EtfLimits& limits) {
  if (frame.empty()) {
    return ControlMessage(NothingToDo{});  // a tick
  }
  if (frame[0] != code::pass_through) {
    return malformed_message("a frame that starts with " + std::to_string(std::to_integer<int>(frame[0])) +
                             ", though neither atom cache nor fragments were agreed");
  }
  return decode_terms(frame.subspan(1), true, peer, self, limits);
}

Result<ControlMessage> decode_message(ByteView message, NodeIndex peer, const NodeIdentity& self,
                                      const EtfLimits& limits) {
  return decode_terms(message, false, peer, self, limits);
}

}  // namespace troupe::distribution
