// Signals -> frames.
#include "base/check.hpp"
#include "worker/distribution/control_codes.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/distribution/wire.hpp"
#include "worker/term/etf_writer.hpp"

namespace troupe::distribution {
namespace {

constexpr std::size_t length_bytes = 4;
/// Most frames are not larger, so that theirs are allocated once.
constexpr std::size_t usual_bytes = 128;

using Kind = RemoteSignal::Kind;

/// One frame: the tuple of the control message with its operation first, then perhaps a payload.
class FrameWriter {
 public:
  FrameWriter(std::int64_t operation, std::size_t arity, Flags flags, const NodeIdentity& self)
      : with_versions_((flags & fragments) == 0), fields_(out_.frame, &self) {
    out_.frame.reserve(usual_bytes);
    out_.frame.resize(length_bytes);
    if (with_versions_) {
      out_.frame.push_back(code::pass_through);
    } else {
      append_big_endian(out_.frame, code::header_version);
      append_big_endian(out_.frame, code::header);
      append_big_endian(out_.frame, std::uint8_t{0});  // No cached atoms.
    }
    version();
    fields_.tuple(arity);
    fields_.integer(operation);
  }
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  EtfWriter& fields() { return fields_; }
  void party(const Pid& pid, const std::string& name) { name.empty() ? fields_.pid(pid) : fields_.atom(name); }

  EncodedSignal finish() {
    out_.control_end = out_.frame.size();
    return framed();
  }
  EncodedSignal finish_with(const Term& payload) {
    out_.control_end = out_.frame.size();
    version();
    fields_.term(payload);
    return framed();
  }

 private:
  void version() {
    if (with_versions_) {
      fields_.version();
    }
  }
  EncodedSignal framed() {
    const std::size_t length = out_.frame.size() - length_bytes;
    for (std::size_t i = 0; i < length_bytes; ++i) {
      out_.frame[i] = static_cast<std::byte>(length >> (8 * (length_bytes - 1 - i)));
    }
    return std::move(out_);
  }

  const bool with_versions_;
  EncodedSignal out_;
  EtfWriter fields_;
};

/// {Operation, From, To}
EncodedSignal encode_pair(std::int64_t operation, const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  FrameWriter frame(operation, 3, flags, self);
  frame.fields().pid(signal.from);
  frame.fields().pid(signal.to);
  return frame.finish();
}

EncodedSignal encode_exit(std::int64_t plain, std::int64_t with_payload, const RemoteSignal& signal, Flags flags,
                          const NodeIdentity& self) {
  const bool payload = (flags & exit_payload) != 0;
  FrameWriter frame(payload ? with_payload : plain, payload ? 3 : 4, flags, self);
  frame.fields().pid(signal.from);
  frame.fields().pid(signal.to);
  if (payload) {
    return frame.finish_with(signal.payload);
  }
  frame.fields().term(signal.payload);
  return frame.finish();
}

EncodedSignal encode_monitor_down(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  const bool payload = (flags & exit_payload) != 0;
  FrameWriter frame(payload ? code::payload_monitor_p_exit : code::monitor_p_exit, payload ? 4 : 5, flags, self);
  frame.party(signal.from, signal.from_name);
  frame.fields().pid(signal.to);
  frame.fields().reference(signal.reference);
  if (payload) {
    return frame.finish_with(signal.payload);
  }
  frame.fields().term(signal.payload);
  return frame.finish();
}

EncodedSignal encode_send(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  const bool with_sender = (flags & send_sender) != 0 && signal.from.valid();
  FrameWriter frame(with_sender ? code::send_sender : code::send, 3, flags, self);
  if (with_sender) {
    frame.fields().pid(signal.from);
  } else {
    frame.fields().atom("");
  }
  frame.fields().pid(signal.to);
  return frame.finish_with(signal.payload);
}

EncodedSignal encode_send_name(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  FrameWriter frame(code::reg_send, 4, flags, self);
  frame.fields().pid(signal.from);
  frame.fields().atom("");
  frame.fields().atom(signal.to_name);
  return frame.finish_with(signal.payload);
}

EncodedSignal encode_send_alias(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  if ((flags & alias) == 0) {
    return {};
  }
  FrameWriter frame(code::alias_send, 3, flags, self);
  frame.fields().pid(signal.from);
  frame.fields().reference(signal.reference);
  return frame.finish_with(signal.payload);
}

EncodedSignal encode_unlink(std::int64_t with_id, const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  if ((flags & unlink_id) == 0) {
    // Peers before OTP 24 know no acknowledgement.
    return with_id == code::unlink_id_ack ? EncodedSignal() : encode_pair(code::unlink, signal, flags, self);
  }
  FrameWriter frame(with_id, 4, flags, self);
  frame.fields().integer(static_cast<std::int64_t>(signal.unlink_id));
  frame.fields().pid(signal.from);
  frame.fields().pid(signal.to);
  return frame.finish();
}

EncodedSignal encode_monitor(std::int64_t operation, const RemoteSignal& signal, Flags flags,
                             const NodeIdentity& self) {
  FrameWriter frame(operation, 4, flags, self);
  frame.fields().pid(signal.from);
  frame.party(signal.to, signal.to_name);
  frame.fields().reference(signal.reference);
  return frame.finish();
}

}  // namespace

EncodedSignal encode_signal(const RemoteSignal& signal, Flags peer_flags, const NodeIdentity& self) {
  switch (signal.kind) {
    case Kind::send:
      return encode_send(signal, peer_flags, self);
    case Kind::send_name:
      return encode_send_name(signal, peer_flags, self);
    case Kind::send_alias:
      return encode_send_alias(signal, peer_flags, self);
    case Kind::link:
      return encode_pair(code::link, signal, peer_flags, self);
    case Kind::unlink:
      return encode_unlink(code::unlink_id, signal, peer_flags, self);
    case Kind::unlink_ack:
      return encode_unlink(code::unlink_id_ack, signal, peer_flags, self);
    case Kind::exit_linked:
      return encode_exit(code::exit, code::payload_exit, signal, peer_flags, self);
    case Kind::exit:
      return encode_exit(code::exit2, code::payload_exit2, signal, peer_flags, self);
    case Kind::monitor:
      return encode_monitor(code::monitor_p, signal, peer_flags, self);
    case Kind::demonitor:
      return encode_monitor(code::demonitor_p, signal, peer_flags, self);
    case Kind::monitor_down:
      return encode_monitor_down(signal, peer_flags, self);
    case Kind::group_leader:
      return encode_pair(code::group_leader, signal, peer_flags, self);
  }
  check(false, "a signal of no kind");
  return {};
}

EncodedSignal encode_spawn_refusal(const SpawnRequest& request, Flags peer_flags, const NodeIdentity& self) {
  FrameWriter frame(code::spawn_reply, 5, peer_flags, self);
  frame.fields().reference(request.request);
  frame.fields().pid(request.from);
  frame.fields().integer(0);
  frame.fields().atom("notsup");
  return frame.finish();
}

Bytes tick_frame() { return Bytes(length_bytes); }

}  // namespace troupe::distribution
