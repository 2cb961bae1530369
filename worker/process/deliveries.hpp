// A queued signal as the class of its process takes it: what `troupe_delivery` says of each kind. The term of a signal
// is encoded for a module here, so a delivery lives only as long as the call that uses it.
#pragma once

#include <optional>
#include <string_view>

#include "troupe/node_name.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/passed_term.hpp"
#include "worker/process/process.hpp"

namespace troupe {

/// The usual message: a value, and nobody awaits an answer.
inline bool is_plain_value(const Envelope& envelope) {
  return envelope.form == Envelope::Form::value && !envelope.from_caller;
}
inline bool is_plain_message(const Envelope& envelope) {
  return envelope.kind == SignalKind::message && is_plain_value(envelope);
}
/// Of a plain value. Only what TROUPE_MESSAGE needs is set: this is the path that has to be short.
inline void set_plain_value(troupe_delivery& delivery, Envelope& envelope) {
  delivery.kind = TROUPE_MESSAGE;
  delivery.status = 0;  // Who is suspended is given no values.
  delivery.caller = nullptr;
  delivery.type = envelope.type;
  delivery.value = value_of(&envelope);
}

/// SignalKind::message. Calls `use(const troupe_delivery&)` and answers what it answers, as do those below.
template <class Use>
auto with_message(const Process& process, Envelope& envelope, const Use& use) {
  troupe_delivery delivery;
  if (is_plain_value(envelope)) {
    set_plain_value(delivery, envelope);
    return use(delivery);
  }
  delivery = {};
  delivery.kind = TROUPE_MESSAGE;
  delivery.status = process.suspended.load(std::memory_order_relaxed) ? 1 : 0;
  troupe_caller caller{};
  if (envelope.from_caller) {
    caller.pid = abi::to_abi(envelope.caller());
    caller.reference = abi::to_abi(make_reference(envelope.from_id, envelope.number));
    delivery.caller = &caller;
  }
  if (envelope.form == Envelope::Form::value) {
    delivery.type = envelope.type;
    delivery.value = value_of(&envelope);
    return use(delivery);
  }
  const GenMessage message = unwrap_gen_message(as_term(envelope).term);
  const void* const image = process.process_class->image;
  std::optional<PassedTerm> tag;
  if (message.caller && !envelope.from_caller) {
    tag.emplace(message.tag, image);
    caller.pid = abi::to_abi(*message.caller);
    caller.has_tag = 1;
    caller.tag = tag->get();
    delivery.caller = &caller;
  }
  const PassedTerm passed(message.body, image);
  delivery.term = passed.get();
  return use(delivery);
}

/// SignalKind::reply and failed_reply, the answer to a request of type `request_type`.
template <class Use>
auto with_response(const Process& process, Envelope& envelope, const troupe_message_type* request_type,
                   const Use& use) {
  troupe_delivery delivery{};
  delivery.kind = TROUPE_RESPONSE;
  delivery.number = envelope.number;
  delivery.request_type = request_type;
  if (envelope.form == Envelope::Form::value) {
    delivery.type = envelope.type;
    delivery.value = value_of(&envelope);
    return use(delivery);
  }
  delivery.status = envelope.kind == SignalKind::failed_reply ? 1 : 0;
  const Term term = message_term(envelope);
  const PassedTerm passed(term, process.process_class->image);
  delivery.term = passed.get();
  return use(delivery);
}

/// TROUPE_EXIT and so on for the queued signals that are neither message nor response.
constexpr std::uint32_t event_kind(SignalKind kind) {
  switch (kind) {
    case SignalKind::exit_message:
      return TROUPE_EXIT;
    case SignalKind::down_message:
      return TROUPE_DOWN;
    case SignalKind::timeout:
      return TROUPE_TIMEOUT;
    case SignalKind::idle_timeout:
      return TROUPE_IDLE_TIMEOUT;
    case SignalKind::node_up:
      return TROUPE_NODE_UP;
    default:
      return TROUPE_NODE_DOWN;
  }
}

/// A timer's: all that it says is its number.
inline void set_bare_event(troupe_delivery& delivery, const Envelope& envelope) {
  delivery.kind = event_kind(envelope.kind);
  delivery.status = 0;
  delivery.type = nullptr;
  delivery.value = nullptr;
  delivery.caller = nullptr;
  delivery.number = envelope.number;
}

template <class Use>
auto with_event(const Process& process, Envelope& envelope, const Use& use) {
  troupe_delivery delivery;
  if (envelope.form == Envelope::Form::bare) {
    set_bare_event(delivery, envelope);
    return use(delivery);
  }
  delivery = {};
  delivery.kind = event_kind(envelope.kind);
  delivery.number = envelope.number;
  SignalEnvelope& signal = as_signal(envelope);
  const PassedTerm payload(signal.payload, process.process_class->image);
  delivery.term = payload.get();
  delivery.pid = abi::to_abi(signal.from);
  delivery.reference = abi::to_abi(signal.reference);
  delivery.name = abi::to_abi(std::string_view(signal.name));
  delivery.node = abi::to_abi(node_name(signal.node));
  return use(delivery);
}

}  // namespace troupe
