// What a turn gives to its process's class besides the usual message: terms, calls, responses and events; and what
// follows when the class did not simply handle it.
#include <utility>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/current.hpp"
#include "worker/process/deliveries.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

Handled Runtime::handle_term_or_call(Process& process, Envelope& envelope) {
  if (envelope.from_caller) {
    current()->request = envelope.number;
    current()->caller = envelope.caller();
  }
  if (envelope.form == Envelope::Form::term && is_system_request(envelope)) {
    return handle_system_request(process, envelope);
  }
  return with_message(process, envelope,
                      [&](const troupe_delivery& delivery) { return deliver_to_class(process, delivery, &envelope); });
}

[[gnu::noinline]] bool Runtime::handle_unusual(Process& process, EnvelopePtr envelope) {
  const SignalKind kind = envelope->kind;
  const Handled handled = kind == SignalKind::message ? handle_term_or_call(process, *envelope)
                          : is_plainly_queued(kind)   ? handle_event(process, *envelope)
                                                      : handle_response(process, *envelope);
  if (handled == Handled::kept) {
    keep(process, envelope.release());
  }
  return handled != Handled::ended;
}

Handled Runtime::handle_response(Process& process, Envelope& envelope) {
  const troupe_message_type* const type = process.bonds->requests.find(envelope.number)->type;
  {
    const BondsGuard guard(process);
    process.bonds->requests.erase(envelope.number);
  }
  const Handled handled = with_response(process, envelope, type, [&](const troupe_delivery& delivery) {
    return deliver_to_class(process, delivery, &envelope);
  });
  if (handled == Handled::kept) {
    Bonds& bonds = bonds_of(process);
    const BondsGuard guard(process);
    Request& answered = bonds.requests[envelope.number];
    answered.type = type;
    answered.done = true;
  }
  return handled;
}

Handled Runtime::handle_event(Process& process, Envelope& envelope) {
  if (envelope.kind == SignalKind::exit_message) {
    const SignalEnvelope& signal = as_signal(envelope);
    if (signal.from == process.parent && signal.from.valid() &&
        (process.process_class->flags & TROUPE_CLASS_HANDLES_PARENT_EXIT) == 0) {
      end(process, signal.payload, EndedBy::exit, nullptr);
      return Handled::ended;
    }
  } else if (envelope.kind == SignalKind::down_message) {
    const BondsGuard guard(process);
    if (!process.bonds || !process.bonds->watches.erase(reference_number(as_signal(envelope).reference))) {
      return Handled::done;  // Demonitored meanwhile.
    }
  } else if (envelope.kind == SignalKind::idle_timeout) {
    if (!process.idle_timer_set || envelope.number != process.bonds->idle_timer) {
      return Handled::done;  // A message came first.
    }
    process.idle_timer_set = false;
  }
  const Handled handled = with_event(process, envelope, [&](const troupe_delivery& delivery) {
    return deliver_to_class(process, delivery, &envelope);
  });
  if (handled == Handled::kept && envelope.kind == SignalKind::down_message) {
    const SignalEnvelope& signal = as_signal(envelope);
    Bonds& bonds = bonds_of(process);
    const BondsGuard guard(process);
    bonds.watches[reference_number(signal.reference)] = Watch{signal.from, signal.name, signal.node, true};
  }
  return handled;
}

Handled Runtime::after_delivery(Process& process, const troupe_delivery& delivery, Envelope& envelope, int outcome) {
  Current& here = *current();
  if (outcome == TROUPE_NOT_UNDERSTOOD) {
    not_understood(process, envelope, delivery);
  }
  if (here.request != 0) {
    // The answer comes later, or never: then the caller must learn of this process's end.
    const Reference reference = make_reference(here.caller.id, std::exchange(here.request, 0));
    Bonds& bonds = bonds_of(process);
    const BondsGuard guard(process);
    bonds.watchers[reference].from = here.caller;
  }
  if (here.failed) {
    end(process, here.fail_reason, here.crashed ? EndedBy::crash : EndedBy::exit, &envelope);
    return Handled::ended;
  }
  return outcome == TROUPE_KEPT ? Handled::kept : Handled::done;
}

void Runtime::not_understood(Process& process, const Envelope& envelope, const troupe_delivery& delivery) {
  parts_.here().messages_not_understood.add(1);
  // Exits of links and the like are dropped without a word by a class that does not ask for them.
  if (delivery.kind != TROUPE_MESSAGE) {
    return;
  }
  const Term message = envelope.form == Envelope::Form::term
                           ? unwrap_gen_message(as_term(const_cast<Envelope&>(envelope)).term).body
                           : message_term(envelope);
  if (delivery.caller != nullptr) {
    const From from = abi::from_caller(*delivery.caller);
    const Term answer = Term::tuple({Term::atom("error"), Term::tuple({Term::atom("unknown_request"), message})});
    reply(from.pid, from.reference, from.tag ? &*from.tag : nullptr, make_term_envelope(SignalKind::reply, answer));
  }
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(clock().now().time_since_epoch()).count();
  if (last_drop_log_second_.exchange(second, std::memory_order_relaxed) != second) {
    log_warning("message not understood and dropped; at most one line a second tells of it",
                {{"class", abi::from_abi(process.process_class->name)},
                 {"message", text_for_log(message)},
                 {"dropped_in_all", parts_.sum(&ThreadPart::messages_not_understood)}});
  }
}

}  // namespace troupe
