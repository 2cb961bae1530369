// Requests and their answers: OTP's gen_server:send_request and gen_server:reply.
#include <utility>

#include "troupe/node_name.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

RequestId Runtime::send_request(Process& from, const Destination& to, const troupe_message_type* type,
                                EnvelopePtr message, Duration timeout) {
  const std::uint64_t number = next_number(from);
  const std::optional<NodeIndex> node = node_of(to);
  Request request;
  request.type = type;
  request.to = to.pid;
  request.name = std::string(to.name);
  request.node = node.value_or(0);
  if (node && *node == 0 && to.name.data() != nullptr) {
    request.to = whereis(to.name).value_or(Pid{});
  }
  const Pid pid = request.to;
  if (timeout != Duration::max()) {
    Timer timer;
    timer.to = from.pid();
    timer.kind = SignalKind::request_timeout;
    timer.number = number;
    request.timer = set_timer(timeout, std::move(timer));
  }
  const bool cannot_time_out = timeout != Duration::max() && request.timer == 0;
  Bonds& bonds = bonds_of(from);
  {
    const BondsGuard guard(from);
    bonds.requests[number] = std::move(request);
  }
  if (cannot_time_out) {
    fail_request(from, number, reasons::system_limit());
    return number;
  }
  if (!node) {
    fail_request(from, number, reasons::noconnection());
    return number;
  }
  if (*node != 0) {
    send_remote_request(from, number, to, *node, message_term(*message));
    return number;
  }
  if (!pid.valid()) {
    fail_request(from, number, reasons::noproc());
    return number;
  }
  message->set_caller(from.pid(), number);
  if (push(pid, std::move(message), true) == SendResult::full) {
    fail_request(from, number, reasons::full());
  }
  return number;
}

void Runtime::send_remote_request(Process& from, std::uint64_t number, const Destination& to, NodeIndex node,
                                  Term body) {
  remember_remote(from, node);
  const Reference reference = make_reference(from.id, number);
  RemoteSignal watch;
  watch.kind = RemoteSignal::Kind::monitor;
  watch.from = from.pid();
  watch.to = to.pid;
  watch.to_name = std::string(to.name);
  watch.reference = reference;
  RemoteSignal call;
  call.kind = to.name.empty() ? RemoteSignal::Kind::send : RemoteSignal::Kind::send_name;
  call.from = from.pid();
  call.to = to.pid;
  call.to_name = std::string(to.name);
  call.payload = gen_call(from.pid(), alias_tag(reference), body);
  if (current()->traced) {
    trace_sending(from, call, node);
  }
  if (!route(node, std::move(watch)) || !route(node, std::move(call))) {
    fail_request(from, number, reasons::noconnection());
  }
}

/// A reply that came as a plain message {Tag, Reply}, as OTP before 24 and processes without gen send it.
void Runtime::recognise_reply(Process& process, Envelope& envelope) {
  if (envelope.kind != SignalKind::message || envelope.form != Envelope::Form::term) {
    return;
  }
  Term& term = as_term(envelope).term;
  const auto tuple = term.as_tuple();
  if (!tuple || tuple->size() != 2) {
    return;
  }
  const auto tag = parse_tag((*tuple)[0]);
  if (!tag || tag->reference.node != 0 || reference_owner(tag->reference) != process.id ||
      !process.bonds->requests.contains(reference_number(tag->reference))) {
    return;
  }
  envelope.kind = SignalKind::reply;
  envelope.number = reference_number(tag->reference);
  Term reply = (*tuple)[1];
  term = std::move(reply);
}

void Runtime::forget_caller(const Pid& caller, std::uint64_t number, const Request& request) {
  if (request.node == 0) {
    auto signal = make_signal(SignalKind::demonitor);
    signal->from = caller;
    signal->to = request.to;
    signal->reference = make_reference(caller.id, number);
    send_signal(std::move(signal));
    return;
  }
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::demonitor;
  signal.from = caller;
  signal.to = request.to;
  signal.to_name = request.name;
  signal.reference = make_reference(caller.id, number);
  route(request.node, std::move(signal));
}

void Runtime::settle_request(Process& process, std::uint64_t number, Request& request, bool replied) {
  request.done = true;
  if (request.timer != 0) {
    timers_.cancel(request.timer);
  }
  if (replied && request.node != 0) {
    forget_caller(process.pid(), number, request);
  }
}

void Runtime::fail_request(Process& process, std::uint64_t number, const Term& reason) {
  const Request* const request = process.bonds ? process.bonds->requests.find(number) : nullptr;
  if (request == nullptr || request->done) {
    return;
  }
  auto failed = make_signal(SignalKind::failed_reply);
  failed->number = number;
  failed->payload = reason;
  push_queue(process, std::move(failed));
}

SendResult Runtime::reply(const Pid& caller, const Reference& reference, const Term* tag, EnvelopePtr answer) {
  answer->kind = SignalKind::reply;
  if (tag == nullptr) {
    const std::uint64_t number = reference_number(reference);
    if (Current* const here = current()) {
      if (here->request == number && here->caller == caller) {
        here->request = 0;
      } else if (here->process != nullptr && here->process->bonds) {
        const BondsGuard guard(*here->process);
        here->process->bonds->watchers.erase(reference);
      }
    }
    answer->number = number;
    return push(caller, std::move(answer), false);
  }
  const auto parsed = parse_tag(*tag);
  RemoteSignal signal;
  signal.from = current() != nullptr && current()->process != nullptr ? current()->process->pid() : Pid{};
  signal.to = caller;
  signal.payload = gen_reply(*tag, message_term(*answer));
  if (parsed && parsed->alias) {
    signal.kind = RemoteSignal::Kind::send_alias;
    signal.reference = parsed->reference;
    if (parsed->reference.node == 0) {
      deliver(std::move(signal));
      return SendResult::sent;
    }
    return send_remote(std::move(signal), parsed->reference.node);
  }
  if (caller.local()) {
    return push(caller, make_term_envelope(SignalKind::message, std::move(signal.payload)), false);
  }
  return send_remote(std::move(signal), caller.node);
}

}  // namespace troupe
