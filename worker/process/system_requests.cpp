// OTP's system messages as far as they concern any process, whatever its class: suspend, resume, terminate and log
// (stdlib/src/sys.erl of OTP 25). What asks for the state goes on to the class (troupe/system_messages.hpp).
#include <utility>

#include "troupe/node_name.hpp"
#include "troupe/server.hpp"
#include "troupe/system_messages.hpp"
#include "worker/process/current.hpp"
#include "worker/process/deliveries.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/onlookers.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

Onlookers& onlookers_of(Process& process) {
  Bonds& bonds = bonds_of(process);
  if (!bonds.onlookers) {
    bonds.onlookers = std::make_unique<Onlookers>();
  }
  return *bonds.onlookers;
}

MessageTrace* trace_of(const Process& process) {
  return process.bonds && process.bonds->onlookers && process.bonds->onlookers->trace
             ? &*process.bonds->onlookers->trace
             : nullptr;
}

void set_trace(Process& process, std::optional<MessageTrace> trace) {
  process.traced = trace.has_value();
  onlookers_of(process).trace = std::move(trace);
}

/// {debug, {log, What}}: true, {true, N}, false or get.
std::optional<Term> answer_log(Process& process, const Term& what) {
  if (what.is_atom("true")) {
    set_trace(process, MessageTrace(MessageTrace::events_default));
    return Term::atom("ok");
  }
  if (what.is_tagged("true", 2)) {
    const std::int64_t kept = (*what.as_tuple())[1].as_integer().value_or(0);
    if (kept < 1) {
      return std::nullopt;
    }
    set_trace(process, MessageTrace(static_cast<std::size_t>(kept)));
    return Term::atom("ok");
  }
  if (what.is_atom("false")) {
    set_trace(process, std::nullopt);
    return Term::atom("ok");
  }
  if (what.is_atom("get")) {
    const MessageTrace* const trace = trace_of(process);
    return Term::tuple({Term::atom("ok"), trace == nullptr ? Term::list({}) : trace->events()});
  }
  return std::nullopt;
}

/// Nothing for what the class has to answer.
std::optional<Term> answer(Process& process, const Term& what) {
  if (what.is_atom("suspend")) {
    onlookers_of(process).left = nullptr;
    process.suspended.store(true, std::memory_order_relaxed);
    return Term::atom("ok");
  }
  if (what.is_atom("resume")) {
    process.suspended.store(false, std::memory_order_relaxed);
    return Term::atom("ok");
  }
  if (what.is_tagged("terminate", 2)) {
    return Term::atom("ok");
  }
  if (what.is_tagged("debug", 2)) {
    const Term& command = (*what.as_tuple())[1];
    const auto answered = command.is_tagged("log", 2) ? answer_log(process, (*command.as_tuple())[1]) : std::nullopt;
    return answered ? *answered : Term::atom("unknown_debug");
  }
  return std::nullopt;
}

Term call_of(const Pid& caller, std::uint64_t number, const Term& body) {
  return gen_call(caller, alias_tag(make_reference(caller.id, number)), body);
}

/// What has come, as an Erlang process would see it.
Term arrival(const Process& process, const Envelope& envelope) {
  switch (envelope.kind) {
    case SignalKind::message: {
      const Term body = kept_in_trace(message_term(envelope));
      return envelope.from_caller ? call_of(envelope.caller(), envelope.number, body) : body;
    }
    case SignalKind::reply:
    case SignalKind::failed_reply: {
      const Term answer = envelope.form == Envelope::Form::signal
                              ? system_messages::error(static_cast<const SignalEnvelope&>(envelope).payload)
                              : message_term(envelope);
      return gen_reply(Term::reference(make_reference(process.id, envelope.number)), kept_in_trace(answer));
    }
    case SignalKind::idle_timeout:
      return Term::atom("timeout");
    case SignalKind::timeout:
      return Term::tuple({Term::atom("timeout"), Term::integer(static_cast<std::int64_t>(envelope.number))});
    default:
      break;
  }
  const auto& signal = static_cast<const SignalEnvelope&>(envelope);
  const std::string node(node_name(signal.node));
  switch (envelope.kind) {
    case SignalKind::exit_message:
      return abi::exit_term({signal.from, signal.payload});
    case SignalKind::down_message:
      return abi::down_term({signal.reference, signal.from, signal.name, node, signal.payload});
    case SignalKind::node_up:
      return Term::tuple({Term::atom("nodeup"), Term::atom(node)});
    default:
      return Term::tuple({Term::atom("nodedown"), Term::atom(node)});
  }
}

}  // namespace

bool is_system_request(const Envelope& envelope) {
  return envelope.kind == SignalKind::message && envelope.form == Envelope::Form::term && !envelope.from_caller &&
         static_cast<const TermEnvelope&>(envelope).term.is_tagged("system", 3);
}

Handled Runtime::handle_system_request(Process& process, Envelope& envelope) {
  Current& here = *current();
  here.traced = false;  // Onlookers do not see themselves.
  const auto request = system_messages::read(as_term(envelope).term);
  const std::optional<Term> answered = request ? answer(process, request->what) : std::nullopt;
  Handled handled = Handled::done;
  if (answered) {
    if (std::exchange(process.idle_timer_set, false)) {
      timers_.cancel(process.bonds->idle_timer);
    }
    reply(request->from.pid, {}, &*request->from.tag, make_term_envelope(SignalKind::reply, *answered));
    if (request->what.is_tagged("terminate", 2)) {
      end(process, (*request->what.as_tuple())[1], EndedBy::exit, nullptr);
      return Handled::ended;
    }
  } else {
    handled = with_message(process, envelope, [&](const troupe_delivery& delivery) {
      return deliver_to_class(process, delivery, &envelope);
    });
  }
  if (handled != Handled::ended) {
    here.traced = process.traced;
  }
  return handled;
}

namespace {

/// A process that was started outside any process is told by nobody, which is Runtime::exit.
bool is_exit_of_parent(const Process& process, Envelope& envelope) {
  return envelope.kind == SignalKind::exit_message && as_signal(envelope).from == process.parent &&
         (process.parent.valid() || (process.process_class->flags & TROUPE_CLASS_HANDLES_PARENT_EXIT) != 0);
}

}  // namespace

[[gnu::noinline]] Envelope* Runtime::next_while_suspended(Process& process) {
  Envelope*& left = process.bonds->onlookers->left;
  for (;;) {
    Envelope*& next = left != nullptr ? left->next : process.queue_first;
    Envelope* const envelope = next;
    if (envelope == nullptr) {
      return nullptr;
    }
    const bool told_to_end = is_exit_of_parent(process, *envelope);
    if (!told_to_end && !is_system_request(*envelope)) {
      left = envelope;
      continue;
    }
    next = envelope->next;
    if (process.queue_last == envelope) {
      process.queue_last = left;
    }
    if (told_to_end) {
      // Whoever has something to do before it ends, such as a supervisor, needs its messages for that.
      left = nullptr;
      process.suspended.store(false, std::memory_order_relaxed);
    }
    --process.queue_length;
    process.mailbox.taken(*envelope);
    return envelope;
  }
}

void Runtime::trace_arrival(Process& process, const Envelope& envelope) {
  MessageTrace* const trace = trace_of(process);
  if (trace != nullptr && trace->admits(clock_.now())) {
    trace->add(Term::tuple({Term::atom("in"), arrival(process, envelope)}));
  }
}

void Runtime::trace_sending(Process& process, const Envelope& envelope, Pid to) {
  MessageTrace* const trace = trace_of(process);
  if (trace == nullptr || (envelope.kind != SignalKind::message && envelope.kind != SignalKind::reply) ||
      !trace->admits(clock_.now())) {
    return;
  }
  Term message = kept_in_trace(message_term(envelope));
  if (envelope.kind == SignalKind::reply) {
    message = gen_reply(Term::reference(make_reference(to.id, envelope.number)), message);
  } else if (envelope.from_caller) {
    message = call_of(envelope.caller(), envelope.number, message);
  }
  trace->add(Term::tuple({Term::atom("out"), std::move(message), Term::pid(to)}));
}

void Runtime::trace_sending(Process& process, const RemoteSignal& signal, NodeIndex node) {
  MessageTrace* const trace = trace_of(process);
  if (trace == nullptr || !trace->admits(clock_.now())) {
    return;
  }
  Term to = signal.to_name.empty() ? Term::pid(signal.to)
                                   : Term::tuple({Term::atom(signal.to_name), Term::atom(node_name(node))});
  trace->add(Term::tuple({Term::atom("out"), kept_in_trace(signal.payload), std::move(to)}));
}

}  // namespace troupe
