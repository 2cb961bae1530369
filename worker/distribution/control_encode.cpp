// Signals -> frames.
#include "base/check.hpp"
#include "worker/distribution/control_codes.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

constexpr std::size_t length_bytes = 4;

Term operation(std::int64_t code) { return Term::integer(code); }
Term nothing() { return Term::atom(""); }
Term party(const Pid& pid, const std::string& name) { return name.empty() ? Term::pid(pid) : Term::atom(name); }

EncodedSignal frame_of(const Term& control, const Term* payload, Flags flags, const NodeIdentity& self) {
  const bool with_header = (flags & fragments) != 0;
  EncodedSignal out{Bytes(length_bytes), 0};
  if (with_header) {
    append_big_endian(out.frame, code::header_version);
    append_big_endian(out.frame, code::header);
    append_big_endian(out.frame, std::uint8_t{0});  // No cached atoms.
  } else {
    out.frame.push_back(code::pass_through);
  }
  append_term(out.frame, control, !with_header, self);
  out.control_end = out.frame.size();
  if (payload != nullptr) {
    append_term(out.frame, *payload, !with_header, self);
  }
  const std::size_t length = out.frame.size() - length_bytes;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out.frame[i] = static_cast<std::byte>(length >> (8 * (length_bytes - 1 - i)));
  }
  return out;
}

EncodedSignal encode_exit(std::int64_t plain, std::int64_t with_payload, const RemoteSignal& signal, Flags flags,
                          const NodeIdentity& self) {
  if ((flags & exit_payload) != 0) {
    return frame_of(Term::tuple({operation(with_payload), Term::pid(signal.from), Term::pid(signal.to)}),
                    &signal.payload, flags, self);
  }
  return frame_of(Term::tuple({operation(plain), Term::pid(signal.from), Term::pid(signal.to), signal.payload}),
                  nullptr, flags, self);
}

EncodedSignal encode_monitor_down(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  const Term from = party(signal.from, signal.from_name);
  const Term to = Term::pid(signal.to);
  const Term reference = Term::reference(signal.reference);
  if ((flags & exit_payload) != 0) {
    return frame_of(Term::tuple({operation(code::payload_monitor_p_exit), from, to, reference}), &signal.payload, flags,
                    self);
  }
  return frame_of(Term::tuple({operation(code::monitor_p_exit), from, to, reference, signal.payload}), nullptr, flags,
                  self);
}

EncodedSignal encode_send(const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  const bool with_sender = (flags & send_sender) != 0 && signal.from.valid();
  return frame_of(Term::tuple({operation(with_sender ? code::send_sender : code::send),
                               with_sender ? Term::pid(signal.from) : nothing(), Term::pid(signal.to)}),
                  &signal.payload, flags, self);
}

EncodedSignal encode_unlink(std::int64_t with_id, const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  if ((flags & unlink_id) == 0) {
    // Peers before OTP 24 know no acknowledgement.
    return with_id == code::unlink_id_ack
               ? EncodedSignal()
               : frame_of(Term::tuple({operation(code::unlink), Term::pid(signal.from), Term::pid(signal.to)}), nullptr,
                          flags, self);
  }
  return frame_of(Term::tuple({operation(with_id), Term::integer(static_cast<std::int64_t>(signal.unlink_id)),
                               Term::pid(signal.from), Term::pid(signal.to)}),
                  nullptr, flags, self);
}

EncodedSignal encode_monitor(std::int64_t code, const RemoteSignal& signal, Flags flags, const NodeIdentity& self) {
  return frame_of(Term::tuple({operation(code), Term::pid(signal.from), party(signal.to, signal.to_name),
                               Term::reference(signal.reference)}),
                  nullptr, flags, self);
}

}  // namespace

EncodedSignal encode_signal(const RemoteSignal& signal, Flags peer_flags, const NodeIdentity& self) {
  using Kind = RemoteSignal::Kind;
  const Term from = Term::pid(signal.from);
  switch (signal.kind) {
    case Kind::send:
      return encode_send(signal, peer_flags, self);
    case Kind::send_name:
      return frame_of(Term::tuple({operation(code::reg_send), from, nothing(), Term::atom(signal.to_name)}),
                      &signal.payload, peer_flags, self);
    case Kind::send_alias:
      return (peer_flags & alias) == 0
                 ? EncodedSignal()
                 : frame_of(Term::tuple({operation(code::alias_send), from, Term::reference(signal.reference)}),
                            &signal.payload, peer_flags, self);
    case Kind::link:
      return frame_of(Term::tuple({operation(code::link), from, Term::pid(signal.to)}), nullptr, peer_flags, self);
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
      return frame_of(Term::tuple({operation(code::group_leader), from, Term::pid(signal.to)}), nullptr, peer_flags,
                      self);
  }
  check(false, "a signal of no kind");
  return {};
}

EncodedSignal encode_spawn_refusal(const SpawnRequest& request, Flags peer_flags, const NodeIdentity& self) {
  return frame_of(Term::tuple({operation(code::spawn_reply), Term::reference(request.request), Term::pid(request.from),
                               Term::integer(0), Term::atom("notsup")}),
                  nullptr, peer_flags, self);
}

Bytes tick_frame() { return Bytes(length_bytes); }

}  // namespace troupe::distribution
