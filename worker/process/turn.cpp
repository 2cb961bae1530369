// One turn of a process: fetch what has arrived, act on signals, give messages to the handler, within a budget.
#include <utility>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/current.hpp"
#include "worker/process/deliveries.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/user_code.hpp"

namespace troupe {
namespace {

/// Whether a turn has used up its time. Looking at the clock costs as much as a short handler, so it looks after every
/// message only while they take long, and lets the process remember that they do.
class TurnTime {
 public:
  TurnTime(const Clock& clock, Process& process) {
    if (process.slow || process.queue_length > look_first_after) {
      start(clock);
    }
  }

  /// Whether it is time to look, after `handled` messages.
  [[nodiscard]] bool look_due(std::uint32_t handled) const { return handled >= look_at_; }
  [[gnu::noinline]] bool used_up(std::uint32_t handled, const Clock& clock, Duration time_max, Process& process);

 private:
  static constexpr Duration slow_message = std::chrono::microseconds(20);
  static constexpr std::uint32_t look_first_after = 4;

  void start(const Clock& clock) {
    started_ = last_look_ = clock.now();
    look_every_ = look_at_ = 1;
  }

  Instant started_{};
  Instant last_look_{};
  std::uint32_t look_every_ = look_first_after;
  std::uint32_t look_at_ = look_first_after;  ///< Messages handled.
};

bool TurnTime::used_up(std::uint32_t handled, const Clock& clock, Duration time_max, Process& process) {
  if (started_ == Instant{}) {
    start(clock);
  }
  const Instant now = clock.now();
  process.slow = now - last_look_ >= slow_message;
  look_every_ = process.slow ? 1 : std::min(look_every_ * 2, 32u);
  look_at_ = handled + look_every_;
  last_look_ = now;
  return now - started_ >= time_max;
}

Envelope* pop_queue(Process& process) {
  Envelope* const first = process.queue_first;
  if (first != nullptr) {
    process.queue_first = first->next;
    __builtin_prefetch(first->next);
    --process.queue_length;
    process.mailbox.taken(*first);
  }
  return first;
}

void append_queue(Process& process, Envelope* first, Envelope* last, std::uint32_t count) {
  (process.queue_first != nullptr ? process.queue_last->next : process.queue_first) = first;
  process.queue_last = last;
  process.queue_length += count;
}

}  // namespace

// The way of the usual message, inline within the turn; what is rare is a call.

[[gnu::always_inline]] Handled Runtime::deliver(Process& process, const troupe_delivery& delivery, Envelope& envelope) {
  Current& here = *current();
  if (here.traced) [[unlikely]] {
    trace_arrival(process, envelope);
  }
  if (here.rests) [[unlikely]] {
    here.take_back_rest();
  }
  if (process.idle_timer_set) [[unlikely]] {
    process.idle_timer_set = false;
    timers_.cancel(process.bonds->idle_timer);
  }
  enter_user_code(process);
  const int outcome = process.process_class->handle(process.state, &delivery);
  if (!leave_user_code(process)) [[unlikely]] {
    bury(process);
    return Handled::ended;
  }
  if (outcome == TROUPE_HANDLED && here.request == 0 && !here.failed) [[likely]] {
    return Handled::done;
  }
  return after_delivery(process, delivery, envelope, outcome);
}

[[gnu::always_inline]] Handled Runtime::handle_message(Process& process, Envelope& envelope) {
  if (is_plain_value(envelope)) [[likely]] {
    troupe_delivery delivery;
    set_plain_value(delivery, envelope);
    return deliver(process, delivery, envelope);
  }
  return handle_term_or_call(process, envelope);
}

[[gnu::always_inline]] bool Runtime::handle_queued(Process& process, EnvelopePtr envelope) {
  const Handled handled =
      envelope->kind == SignalKind::message ? handle_message(process, *envelope) : handle_other(process, *envelope);
  if (handled == Handled::kept) {
    keep(process, envelope.release());
  }
  return handled != Handled::ended;
}

bool run_turn(Process& process, std::uint32_t messages_max, bool& was_slow) {
  return process.runtime->run_turn(process, messages_max, was_slow);
}

bool Runtime::run_turn(Process& process, std::uint32_t messages_max, bool& was_slow) {
  if (stopping_.load(std::memory_order_acquire)) {
    return false;
  }
  process.running.store(true, std::memory_order_relaxed);
  CurrentScope scope(process, *this);
  scope->traced = process.traced;
  std::uint32_t handled = 0;
  if (process.pause_timer != 0) [[unlikely]] {
    timers_.cancel(std::exchange(process.pause_timer, 0));
  }
  if (!fetch(process)) {
    return false;
  }
  TurnTime time(clock_, process);
  for (;;) {
    Envelope* const next =
        process.suspended.load(std::memory_order_relaxed) ? next_while_suspended(process) : pop_queue(process);
    if (next == nullptr) {
      if (scope->rests) [[unlikely]] {
        rest(process, *scope);
      }
      was_slow = process.slow;
      process.mailbox.set_queued(process.queue_length);
      process.running.store(false, std::memory_order_relaxed);
      const std::uint32_t serial = process.serial.load(std::memory_order_relaxed);
      if (process.mailbox.try_idle()) [[likely]] {
        // From here on the process may run elsewhere; its slot may be looked at all the same.
        if (process.senders_wait.load(std::memory_order_seq_cst)) [[unlikely]] {
          wake_senders(process, {0, 0, process.id, serial});
        }
        return false;
      }
      process.running.store(true, std::memory_order_relaxed);
      if (!fetch(process)) {
        return false;
      }
      continue;
    }
    process.reductions.store(process.reductions.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (!handle_queued(process, EnvelopePtr(next))) {
      return false;
    }
    if (process.senders_wait.load(std::memory_order_relaxed) && process.queue_length <= mailbox_soft_messages_max / 2)
        [[unlikely]] {
      process.mailbox.set_queued(process.queue_length);
      wake_senders(process, process.pid());
    }
    if (scope->flooded.valid() && scope->flooded != process.pid()) [[unlikely]] {
      rest(process, *scope);
      return fetch(process) && !park(process, scope->flooded);
    }
    // What is sent counts too: whoever sends much must let the receivers follow while it is still in the caches.
    if (++handled + scope->sent >= messages_max ||
        (time.look_due(handled) && time.used_up(handled, clock_, options_.turn_time_max, process))) {
      rest(process, *scope);
      was_slow = process.slow;
      process.mailbox.set_queued(process.queue_length);
      process.running.store(false, std::memory_order_relaxed);
      return true;
    }
  }
}

bool Runtime::fetch(Process& process) {
  const Mailbox::Arrivals arrivals = process.mailbox.take(process.serial.load(std::memory_order_relaxed));
  if (!arrivals.plain || (process.bonds && !process.bonds->requests.empty())) [[unlikely]] {
    return fetch_signals(process, arrivals.first);
  }
  if (arrivals.first != nullptr) {
    append_queue(process, arrivals.first, arrivals.last, arrivals.count);
  }
  process.mailbox.set_queued(process.queue_length);
  return true;
}

bool Runtime::fetch_signals(Process& process, Envelope* arrivals) {
  process.fetched = arrivals;
  while (process.fetched != nullptr) {
    EnvelopePtr envelope(std::exchange(process.fetched, process.fetched->next));
    if (envelope->to_serial != process.serial.load(std::memory_order_relaxed)) {
      process.mailbox.taken(*envelope);
      bounce(std::move(envelope), reasons::noproc());
    } else if (is_queued(envelope->kind)) {
      push_queue(process, std::move(envelope));
    } else {
      process.mailbox.taken(*envelope);
      if (!act_on(process, std::move(envelope))) {
        return false;
      }
    }
  }
  process.mailbox.set_queued(process.queue_length);
  return true;
}

void Runtime::push_queue(Process& process, EnvelopePtr envelope) {
  if (process.bonds && !process.bonds->requests.empty()) {
    recognise_reply(process, *envelope);
  }
  if (envelope->kind == SignalKind::reply || envelope->kind == SignalKind::failed_reply) {
    Request* const request = process.bonds ? process.bonds->requests.find(envelope->number) : nullptr;
    if (request == nullptr || request->done) {
      process.mailbox.taken(*envelope);
      return;  // Answered or timed out before.
    }
    settle_request(process, envelope->number, *request, envelope->kind == SignalKind::reply);
  }
  Envelope* const added = envelope.release();
  added->next = nullptr;
  append_queue(process, added, added, 1);
}

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

Handled Runtime::handle_other(Process& process, Envelope& envelope) {
  switch (envelope.kind) {
    case SignalKind::reply:
    case SignalKind::failed_reply:
      return handle_response(process, envelope);
    default:
      return handle_event(process, envelope);
  }
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

Handled Runtime::deliver_to_class(Process& process, const troupe_delivery& delivery, Envelope* envelope) {
  return deliver(process, delivery, *envelope);
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
