// From a destination to a mailbox, or to the distribution.
#include <utility>

#include "troupe/node_name.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

/// The turn should end because of `flooded`, and looks up from its messages to see that.
void pause_for(Current& here, const Pid& flooded) {
  here.flooded = flooded;
  here.allowance = 0;
}

}  // namespace

std::optional<NodeIndex> Runtime::node_of(const Destination& to) const {
  if (to.name.data() == nullptr) {
    return to.pid.node;
  }
  if (to.node.empty() || to.node == node_name(0)) {
    return 0;
  }
  return intern_node_name(to.node);
}

SendResult Runtime::push(Pid to, EnvelopePtr&& envelope, bool bounded) {
  Process* const process = table_.find(to);
  if (process == nullptr) [[unlikely]] {
    bounce(std::move(envelope), reasons::noproc());
    return SendResult::sent;
  }
  if (envelope->form == Envelope::Form::value &&
      process->image.load(std::memory_order_relaxed) != envelope->type->image) [[unlikely]] {
    envelope = to_term_envelope(std::move(envelope));
  }
  return put(current(), *process, to, envelope.release(), bounded);
}

SendResult Runtime::send_value(Current& here, Pid to, Envelope* value) {
  Process* const process = table_.find(to);
  if (process == nullptr || process->image.load(std::memory_order_relaxed) != value->type->image) [[unlikely]] {
    return send(to, EnvelopePtr(value));
  }
  return put(&here, *process, to, value, true);
}

[[gnu::always_inline]] SendResult Runtime::put(Current* here, Process& process, Pid to, Envelope* envelope,
                                               bool bounded) {
  envelope->to_serial = to.serial;
  if (here != nullptr) [[likely]] {
    --here->allowance;
    if (here->traced) [[unlikely]] {
      trace_sending(*here->process, *envelope, to);
    }
  }
  const Mailbox::Push pushed = process.mailbox.push(envelope, bounded);
  if (pushed == Mailbox::Push::must_schedule) {
    if (!stopping_.load(std::memory_order_relaxed)) {
      scheduler_.schedule(process);
    }
    return SendResult::sent;
  }
  if (pushed == Mailbox::Push::done && bounded) [[likely]] {
    return SendResult::sent;
  }
  return after_push(process, to, envelope, pushed);
}

/// What the policy of the mailbox makes of a message that it is too full for.
SendResult Runtime::overflow(Process& process, Pid to, EnvelopePtr message) {
  switch (process.mailbox_policy.load(std::memory_order_relaxed)) {
    case TROUPE_MAILBOX_DROP_NEWEST:
      count_dropped(process);
      return SendResult::sent;
    case TROUPE_MAILBOX_DROP_OLDEST: {
      const Mailbox::Push pushed = process.mailbox.push(message.get(), true, overfull_times);
      if (pushed == Mailbox::Push::full) {
        count_dropped(process);
        return SendResult::sent;
      }
      return after_push(process, to, message.release(), pushed);
    }
    case TROUPE_MAILBOX_EXIT:
      if (count_dropped(process) == 0) {
        exit(to, to, Term::atom("mailbox_full"));
      }
      break;
    default:
      break;
  }
  parts_.here().messages_refused.add(1);
  return SendResult::full;
}

/// How many it were before.
std::uint16_t Runtime::count_dropped(Process& process) {
  parts_.here().messages_dropped.add(1);
  std::uint16_t before = process.messages_dropped.load(std::memory_order_relaxed);
  while (before != UINT16_MAX && !process.messages_dropped.compare_exchange_weak(
                                     before, static_cast<std::uint16_t>(before + 1), std::memory_order_relaxed)) {
  }
  return before;
}

SendResult Runtime::after_push(Process& process, Pid to, Envelope* envelope, Mailbox::Push pushed) {
  switch (pushed) {
    case Mailbox::Push::crowded:
      if (Current* const here = current()) {
        pause_for(*here, to);
      }
      return SendResult::sent;
    case Mailbox::Push::must_schedule:
      if (!stopping_.load(std::memory_order_relaxed)) {
        scheduler_.schedule(process);
      }
      return SendResult::sent;
    case Mailbox::Push::full:
      return overflow(process, to, EnvelopePtr(envelope));
    case Mailbox::Push::closed:
      bounce(EnvelopePtr(envelope), reasons::noproc());
      return SendResult::sent;
    default:
      if (process.parked.load(std::memory_order_seq_cst)) {
        unpark(process);
      }
      return SendResult::sent;
  }
}

SendResult Runtime::send_to_node(Pid to, const Envelope& message) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::send;
  signal.to = to;
  signal.payload = message_term(message);
  return send_remote(std::move(signal), to.node);
}

SendResult Runtime::send(const Destination& to, EnvelopePtr message) {
  if (to.name.data() == nullptr) {
    return send(to.pid, std::move(message));
  }
  const std::optional<NodeIndex> node = node_of(to);
  if (!node) {
    return SendResult::unreachable;
  }
  if (*node == 0) {
    const auto pid = whereis(to.name);
    // To a name on another node a message vanishes when nobody has it; so it does when that node is this one.
    if (!pid) {
      return to.node.empty() ? SendResult::name_not_found : SendResult::sent;
    }
    return push(*pid, std::move(message), true);
  }
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::send_name;
  signal.to_name = std::string(to.name);
  signal.payload = message_term(*message);
  return send_remote(std::move(signal), *node);
}

SendResult Runtime::send_remote(RemoteSignal&& signal, NodeIndex node) {
  if (const Current* const here = current(); here != nullptr && !signal.from.valid()) {
    signal.from = here->process->pid();
  }
  if (const Current* const here = current(); here != nullptr && here->traced) {
    trace_sending(*here->process, signal, node);
  }
  const Routed routed = route(node, std::move(signal));
  if (routed) {
    return SendResult::sent;
  }
  parts_.here().messages_refused.add(1);
  return routed.outcome == Routed::Outcome::full ? SendResult::full : SendResult::unreachable;
}

Routed Runtime::route(NodeIndex node, RemoteSignal&& signal) {
  RemoteNodes* const nodes = remote_.load(std::memory_order_acquire);
  if (nodes == nullptr) {
    return {Routed::Outcome::unreachable, {}};
  }
  const Routed routed = nodes->route(node, std::move(signal));
  if (Current* const here = current(); routed.busy && here != nullptr) {
    pause_for(*here, lane_pid(node, *routed.busy));
  }
  return routed;
}

void Runtime::remember_remote(Process& process, NodeIndex node) {
  bonds_of(process).touches_other_nodes = true;
  const std::lock_guard lock(nodes_mutex_);
  bound_to_node_[node].insert(process.pid());
}

namespace {

RemoteSignal remote_signal(const SignalEnvelope& signal) {
  RemoteSignal out;
  out.from = signal.from;
  out.to = signal.to;
  out.reference = signal.reference;
  out.unlink_id = signal.unlink_id;
  out.payload = signal.payload;
  switch (signal.kind) {
    case SignalKind::link:
      out.kind = RemoteSignal::Kind::link;
      break;
    case SignalKind::unlink:
      out.kind = RemoteSignal::Kind::unlink;
      break;
    case SignalKind::unlink_ack:
      out.kind = RemoteSignal::Kind::unlink_ack;
      break;
    case SignalKind::exit_linked:
      out.kind = RemoteSignal::Kind::exit_linked;
      break;
    case SignalKind::monitor:
      out.kind = RemoteSignal::Kind::monitor;
      out.to_name = signal.name;
      break;
    case SignalKind::demonitor:
      out.kind = RemoteSignal::Kind::demonitor;
      out.to_name = signal.name;
      break;
    case SignalKind::monitor_down:
      out.kind = RemoteSignal::Kind::monitor_down;
      out.from_name = signal.name;
      break;
    default:
      out.kind = RemoteSignal::Kind::exit;
      break;
  }
  return out;
}

}  // namespace

void Runtime::send_signal(std::unique_ptr<SignalEnvelope, EnvelopeDeleter> signal) {
  // A monitor on another node's name has no pid to go to.
  const NodeIndex node = signal->to.valid() ? signal->to.node : signal->node;
  if (node == 0) {
    const Pid to = signal->to;
    push(to, std::move(signal), false);
    return;
  }
  if (!route(node, remote_signal(*signal))) {
    refuse(*signal, reasons::noconnection());
  }
}

/// Answers a link or monitor that found nobody.
void Runtime::refuse(const SignalEnvelope& signal, const Term& reason) {
  if (signal.kind == SignalKind::link) {
    auto answer = make_signal(SignalKind::exit_linked);
    answer->from = signal.to;
    answer->to = signal.from;
    answer->payload = reason;
    send_signal(std::move(answer));
  } else if (signal.kind == SignalKind::monitor) {
    auto answer = make_signal(SignalKind::monitor_down);
    answer->from = signal.to;
    answer->to = signal.from;
    answer->name = signal.name;
    answer->reference = signal.reference;
    answer->payload = reason;
    send_signal(std::move(answer));
  } else if (signal.kind == SignalKind::unlink) {
    auto answer = make_signal(SignalKind::unlink_ack);
    answer->from = signal.to;
    answer->to = signal.from;
    answer->unlink_id = signal.unlink_id;
    send_signal(std::move(answer));
  }
}

}  // namespace troupe
