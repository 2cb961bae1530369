// One turn of a process: fetch what has arrived, act on signals, give messages to the handler, within a budget.
#include <algorithm>
#include <utility>

#include "worker/process/current.hpp"
#include "worker/process/deliveries.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/user_code.hpp"

namespace troupe {
namespace {

/// What a turn may use up: so many messages handled and sent, together, and so much time. It is granted in parts, by
/// way of `Current::allowance`, and the turn looks up from its messages when it has used up one. Looking at the clock
/// costs as much as a short handler, so the parts grow while messages are short, and the process remembers that they
/// are not.
class TurnBudget {
 public:
  TurnBudget(std::uint32_t messages_max, const Clock& clock, const Process& process, Current& here)
      : messages_max_(messages_max) {
    if (process.slow || process.queue_length > unmeasured) {
      started_ = last_look_ = clock.now();
    }
    grant(process.slow ? 1 : first_part, here);
  }

  /// Called when a part is used up; otherwise grants the next.
  [[gnu::noinline]] bool used_up(const Clock& clock, Duration time_max, Process& process, Current& here);

 private:
  static constexpr Duration slow_message = std::chrono::microseconds(20);
  static constexpr std::uint32_t unmeasured = 4;  ///< So few messages do not start the clock.
  static constexpr std::uint32_t first_part = 8;
  static constexpr std::uint32_t last_part = 64;

  void grant(std::uint32_t part, Current& here) {
    part_ = std::min(part, messages_max_ - used_);
    here.allowance = static_cast<std::int32_t>(part_);
  }

  const std::uint32_t messages_max_;
  std::uint32_t used_ = 0;
  std::uint32_t part_ = 0;
  Instant started_{};
  Instant last_look_{};
};

bool TurnBudget::used_up(const Clock& clock, Duration time_max, Process& process, Current& here) {
  used_ += static_cast<std::uint32_t>(static_cast<std::int32_t>(part_) - here.allowance);
  if (used_ >= messages_max_) {
    return true;
  }
  const Instant now = clock.now();
  const bool measured = started_ != Instant{};
  if (!measured) {
    started_ = last_look_ = now;
  }
  process.slow = now - last_look_ >= slow_message;
  last_look_ = now;
  grant(process.slow ? 1 : std::min(part_ * 2, last_part), here);
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

[[gnu::always_inline]] Handled Runtime::deliver(Process& process, Current& here, const troupe_delivery& delivery,
                                                Envelope& envelope) {
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

Handled Runtime::deliver_to_class(Process& process, const troupe_delivery& delivery, Envelope* envelope) {
  return deliver(process, *current(), delivery, *envelope);
}

[[gnu::always_inline]] bool Runtime::handle_queued(Process& process, Current& here, Envelope* queued) {
  if (is_plain_message(*queued)) [[likely]] {
    ValueEnvelopePtr envelope(queued);
    troupe_delivery delivery;
    set_plain_value(delivery, *envelope);
    const Handled handled = deliver(process, here, delivery, *envelope);
    if (handled == Handled::kept) {
      keep(process, envelope.release());
    }
    return handled != Handled::ended;
  }
  return handle_unusual(process, EnvelopePtr(queued));
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
  if (process.pause_timer != 0) [[unlikely]] {
    timers_.cancel(std::exchange(process.pause_timer, 0));
  }
  if (!fetch(process)) {
    return false;
  }
  TurnBudget budget(messages_max, clock_, process, *scope);
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
    if (!handle_queued(process, *scope, next)) {
      return false;
    }
    // What is sent counts too: whoever sends much must let the receivers follow while it is still in the caches.
    if (--scope->allowance > 0) [[likely]] {
      continue;
    }
    if (process.senders_wait.load(std::memory_order_relaxed) && process.queue_length <= mailbox_soft_messages_max / 2) {
      process.mailbox.set_queued(process.queue_length);
      wake_senders(process, process.pid());
    }
    if (scope->flooded.valid() && scope->flooded != process.pid()) {
      rest(process, *scope);
      return fetch(process) && !park(process, scope->flooded);
    }
    if (budget.used_up(clock_, options_.turn_time_max, process, *scope)) {
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
  if (process.mailbox_policy.load(std::memory_order_relaxed) == TROUPE_MAILBOX_DROP_OLDEST) [[unlikely]] {
    drop_oldest(process);
  }
  process.mailbox.set_queued(process.queue_length);
  return true;
}

/// Of the messages that wait, until what is left fits.
void Runtime::drop_oldest(Process& process) {
  Envelope* before = nullptr;
  Envelope* at = process.queue_first;
  while (at != nullptr && process.mailbox.holds_too_much(process.queue_length)) {
    Envelope* const next = at->next;
    if (at->kind != SignalKind::message) {
      before = at;
      at = next;
      continue;
    }
    (before != nullptr ? before->next : process.queue_first) = next;
    if (next == nullptr) {
      process.queue_last = before;
    }
    --process.queue_length;
    process.mailbox.taken(*at);
    count_dropped(process);
    EnvelopePtr(at).reset();
    at = next;
  }
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
  if (process.mailbox_policy.load(std::memory_order_relaxed) == TROUPE_MAILBOX_DROP_OLDEST) [[unlikely]] {
    drop_oldest(process);
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

}  // namespace troupe
