// What selective receive leaves in the mailbox: messages that a class has seen and wants later, in their order. They
// count towards the mailbox's bounds, and a class asks for them by pattern.
#include <string_view>

#include "troupe/server.hpp"
#include "worker/process/deliveries.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

constexpr std::uint32_t bit(std::uint32_t kind) { return std::uint32_t{1} << kind; }

bool has_tag(const troupe_message_type& type, std::string_view tag) {
  struct Comparison {
    std::string_view tag;
    bool equal = false;
  } comparison{tag};
  type.tag({&comparison, [](void* context, troupe_text own) {
              auto& compared = *static_cast<Comparison*>(context);
              compared.equal = compared.tag == abi::from_abi(own);
            }});
  return comparison.equal;
}

/// Whether it is worth a delivery, which for a module's process may mean that a term is encoded.
bool may_want(const troupe_pattern& pattern, Envelope& envelope) {
  switch (envelope.kind) {
    case SignalKind::message: {
      if ((pattern.kinds & bit(TROUPE_MESSAGE)) != 0) {
        return true;
      }
      const auto any_type = [&](auto wanted) {
        for (std::size_t at = 0; at < pattern.type_count; ++at) {
          if (wanted(pattern.types[at])) {
            return true;
          }
        }
        return false;
      };
      if (envelope.form == Envelope::Form::value) {
        return any_type([&](const troupe_message_type* type) { return type == envelope.type; });
      }
      const Term body = unwrap_gen_message(as_term(envelope).term).body;
      const std::string_view tag = abi::tag_of(body);
      return any_type([&](const troupe_message_type* type) { return has_tag(*type, tag); });
    }
    case SignalKind::reply:
    case SignalKind::failed_reply:
      return (pattern.kinds & bit(TROUPE_RESPONSE)) != 0 &&
             (pattern.response == 0 || pattern.response == envelope.number);
    default:
      return (pattern.kinds & bit(event_kind(envelope.kind))) != 0;
  }
}

enum class Offered { refused, taken, stale };

Offered offer_response(Process& process, Envelope& envelope, void* context, Runtime::Offer offer) {
  const Request* const request = process.bonds->requests.find(envelope.number);
  const int outcome = with_response(process, envelope, request->type,
                                    [&](const troupe_delivery& delivery) { return offer(context, &delivery); });
  if (outcome != TROUPE_HANDLED) {
    return Offered::refused;
  }
  const BondsGuard guard(process);
  process.bonds->requests.erase(envelope.number);
  return Offered::taken;
}

Offered offer_down(Process& process, Envelope& envelope, void* context, Runtime::Offer offer) {
  const std::uint64_t number = reference_number(as_signal(envelope).reference);
  if (!process.bonds->watches.contains(number)) {
    return Offered::stale;  // Demonitored meanwhile.
  }
  const int outcome =
      with_event(process, envelope, [&](const troupe_delivery& delivery) { return offer(context, &delivery); });
  if (outcome != TROUPE_HANDLED) {
    return Offered::refused;
  }
  const BondsGuard guard(process);
  process.bonds->watches.erase(number);
  return Offered::taken;
}

Offered offer_one(Process& process, Envelope& envelope, void* context, Runtime::Offer offer) {
  const auto use = [&](const troupe_delivery& delivery) {
    return offer(context, &delivery) == TROUPE_HANDLED ? Offered::taken : Offered::refused;
  };
  switch (envelope.kind) {
    case SignalKind::message:
      return with_message(process, envelope, use);
    case SignalKind::reply:
    case SignalKind::failed_reply:
      return offer_response(process, envelope, context, offer);
    case SignalKind::down_message:
      return offer_down(process, envelope, context, offer);
    default:
      return with_event(process, envelope, use);
  }
}

}  // namespace

void Runtime::keep(Process& process, Envelope* added) {
  process.mailbox.put_back(*added);
  ++process.queue_length;
  if (process.kept_last == nullptr) {
    added->next = added;
  } else {
    added->next = process.kept_last->next;
    process.kept_last->next = added;
  }
  process.kept_last = added;
}

bool Runtime::take_kept(Process& process, const troupe_pattern& pattern, void* context, Offer offer) {
  Envelope* before = process.kept_last;
  const Envelope* const last = before;
  for (bool at_end = before == nullptr; !at_end;) {
    Envelope& envelope = *before->next;
    at_end = &envelope == last;
    const Offered offered =
        may_want(pattern, envelope) ? offer_one(process, envelope, context, offer) : Offered::refused;
    if (offered == Offered::refused) {
      before = &envelope;
      continue;
    }
    before->next = envelope.next;
    if (at_end) {
      process.kept_last = before == &envelope ? nullptr : before;
    }
    --process.queue_length;
    process.mailbox.taken(envelope);
    process.mailbox.set_queued(process.queue_length);
    const EnvelopePtr gone(&envelope);
    if (offered == Offered::taken) {
      return true;
    }
  }
  return false;
}

}  // namespace troupe
