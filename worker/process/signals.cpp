// What system signals do to the process that receives them (erts "Processes": links, monitors, exit signals).
#include <utility>

#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

bool Runtime::act_on(Process& process, EnvelopePtr envelope) {
  if (envelope->kind == SignalKind::request_timeout) {
    const Request* const request = process.bonds ? process.bonds->requests.find(envelope->number) : nullptr;
    if (request != nullptr && !request->done) {
      forget_caller(process.pid(), envelope->number, *request);
      fail_request(process, envelope->number, timeout_reason(process, request->to));
    }
    return true;
  }
  if (envelope->kind == SignalKind::resume) {
    return true;
  }
  if (envelope->kind == SignalKind::boundary_act) {
    run_boundary_act(envelope->number, &process);
    return true;
  }
  SignalEnvelope& signal = as_signal(*envelope);
  switch (signal.kind) {
    case SignalKind::link:
      act_on_link(process, signal);
      return true;
    case SignalKind::unlink: {
      if (process.bonds) {
        const BondsGuard guard(process);
        const Link* const link = process.bonds->links.find(signal.from);
        if (link != nullptr && link->unlink_id == 0) {
          process.bonds->links.erase(signal.from);
        }
      }
      auto acknowledgement = make_signal(SignalKind::unlink_ack);
      acknowledgement->from = process.pid();
      acknowledgement->to = signal.from;
      acknowledgement->unlink_id = signal.unlink_id;
      send_signal(std::move(acknowledgement));
      return true;
    }
    case SignalKind::unlink_ack: {
      const BondsGuard guard(process);
      const Link* const link = process.bonds ? process.bonds->links.find(signal.from) : nullptr;
      if (link != nullptr && link->unlink_id == signal.unlink_id) {
        process.bonds->links.erase(signal.from);
      }
      return true;
    }
    case SignalKind::exit:
      return act_on_exit(process, signal.from, signal.payload, false);
    case SignalKind::exit_linked:
      return act_on_exit(process, signal.from, signal.payload, true);
    case SignalKind::monitor: {
      Bonds& bonds = bonds_of(process);
      if (!signal.from.local()) {
        remember_remote(process, signal.from.node);
      }
      const BondsGuard guard(process);
      bonds.watchers[signal.reference] = Watcher{signal.from, signal.name};
      return true;
    }
    case SignalKind::demonitor: {
      const BondsGuard guard(process);
      if (process.bonds) {
        process.bonds->watchers.erase(signal.reference);
      }
      return true;
    }
    case SignalKind::monitor_down:
      act_on_monitor_down(process, signal);
      return true;
    case SignalKind::node_lost:
      return act_on_node_lost(process, signal.node);
    default:
      return true;
  }
}

void Runtime::act_on_link(Process& process, const SignalEnvelope& signal) {
  Bonds& bonds = bonds_of(process);
  if (!signal.from.local()) {
    remember_remote(process, signal.from.node);
  }
  const BondsGuard guard(process);
  if (!bonds.links.contains(signal.from)) {  // While our unlink is not acknowledged, the link is the old one.
    bonds.links[signal.from] = {};
  }
}

bool Runtime::act_on_exit(Process& process, const Pid& from, const Term& reason, bool from_link) {
  if (from_link) {
    const BondsGuard guard(process);
    const Link* const link = process.bonds ? process.bonds->links.find(from) : nullptr;
    if (link == nullptr) {
      return true;  // Unlinked meanwhile.
    }
    const bool unlinking = link->unlink_id != 0;
    process.bonds->links.erase(from);
    if (unlinking) {
      return true;
    }
  } else if (reason.is_atom("kill")) {
    end(process, reasons::killed(), EndedBy::signal, nullptr);
    return false;
  }
  if (process.traps_exits) {
    auto message = make_signal(SignalKind::exit_message);
    message->from = from;
    message->payload = reason;
    push_queue(process, std::move(message));
    return true;
  }
  if (reason.is_atom("normal") && (from_link || from != process.pid())) {
    return true;
  }
  end(process, reason, EndedBy::signal, nullptr);
  return false;
}

void Runtime::act_on_monitor_down(Process& process, const SignalEnvelope& signal) {
  if (!process.bonds) {
    return;
  }
  const std::uint64_t number = reference_number(signal.reference);
  if (process.bonds->requests.contains(number)) {
    fail_request(process, number, signal.payload);
    return;
  }
  Watch* const watch = process.bonds->watches.find(number);
  if (watch == nullptr || watch->fired) {
    return;
  }
  watch->fired = true;
  auto message = make_signal(SignalKind::down_message);
  message->from = watch->to;
  message->name = watch->name;
  message->node = watch->node;
  message->reference = signal.reference;
  message->payload = signal.payload;
  push_queue(process, std::move(message));
}

bool Runtime::act_on_node_lost(Process& process, NodeIndex node) {
  if (!process.bonds) {
    return true;
  }
  Bonds& bonds = *process.bonds;
  for (const auto& [number, request] : std::vector(bonds.requests.entries())) {
    if (request.node == node && !request.done) {
      fail_request(process, number, reasons::noconnection());
    }
  }
  for (const auto& [number, watch] : std::vector(bonds.watches.entries())) {
    if (watch.node == node && node != 0 && !watch.fired) {
      SignalEnvelope down;
      down.reference = make_reference(process.id, number);
      down.payload = reasons::noconnection();
      act_on_monitor_down(process, down);
    }
  }
  for (const auto& [reference, watcher] : std::vector(bonds.watchers.entries())) {
    if (watcher.from.node == node) {
      const BondsGuard guard(process);
      bonds.watchers.erase(reference);
    }
  }
  for (const auto& [pid, link] : std::vector(bonds.links.entries())) {
    if (pid.node == node && !act_on_exit(process, pid, reasons::noconnection(), true)) {
      return false;
    }
  }
  return true;
}

}  // namespace troupe
