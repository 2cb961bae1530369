// How a process ends: its code says goodbye, its name is free, then everybody tied to it is told.
#include <algorithm>
#include <utility>

#include "worker/process/crash_report.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/passed_term.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/state_memory.hpp"

namespace troupe {
namespace {

EnvelopePtr next_of(Envelope*& list) { return EnvelopePtr(std::exchange(list, list->next)); }

/// Callers among them learn of the end as those who await a late reply.
void free_kept(Process& process) {
  if (Envelope* const last = std::exchange(process.kept_last, nullptr)) {
    Envelope* list = std::exchange(last->next, nullptr);
    while (list != nullptr) {
      next_of(list);
    }
  }
}

}  // namespace

void Runtime::destroy_state(Process& process) {
  if (std::exchange(process.constructed, false)) {
    process.process_class->destroy(process.state);
  }
  StateMemory::free(process);
}

void Runtime::count_ended(const Term& reason) {
  ThreadPart& part = parts_.here();
  if (reason == reasons::normal()) {
    part.ended_normal.add(1);
  } else if (reasons::is_orderly(reason)) {
    part.ended_shutdown.add(1);
  } else if (reason == reasons::killed()) {
    part.ended_killed.add(1);
  }
}

void Runtime::end(Process& process, const Term& given_reason, EndedBy by, const Envelope* last_message) {
  const Term reason = given_reason;  // The reference may lie in what is destroyed below.
  CurrentScope scope(process, *this);
  if (by != EndedBy::signal && process.constructed && process.process_class->terminate != nullptr) {
    const PassedTerm passed(reason, process.process_class->image);
    process.process_class->terminate(process.state, &passed.get());
  }
  if (by == EndedBy::crash || (by == EndedBy::exit && !reasons::is_orderly(reason))) {
    parts_.here().crashed.add(1);
    report_crash(process, reason, last_message, by == EndedBy::crash);
  }
  destroy_state(process);
  count_ended(reason);
  take_leave(process, reason);
  table_.give_back(parts_.here(), process);
}

void Runtime::take_leave(Process& process, const Term& reason) {
  const Pid pid = process.pid();
  if (std::exchange(process.idle_timer_set, false)) {
    timers_.cancel(process.bonds->idle_timer);
  }
  std::unique_ptr<Bonds> bonds;
  std::unique_ptr<std::string> name;
  process.serial.store(0, std::memory_order_seq_cst);
  {
    const BondsGuard guard(process);
    bonds = std::move(process.bonds);
    name = std::move(process.name);
  }
  if (name) {
    names_.remove(*name);
  }
  Envelope* const arrived = process.mailbox.close();
  for (Envelope* list :
       {std::exchange(process.fetched, nullptr), std::exchange(process.queue_first, nullptr), arrived}) {
    while (list != nullptr) {
      EnvelopePtr envelope = next_of(list);
      // Links and monitors that had not been looked at were never set up: `noproc`, as for any dead process.
      const bool request = envelope->kind == SignalKind::message && envelope->to_serial == pid.serial;
      bounce(std::move(envelope), request ? reason : reasons::noproc());
    }
  }
  free_kept(process);
  process.queue_length = 0;
  process.running.store(false, std::memory_order_relaxed);
  if (bonds) {
    release_bonds(pid, *bonds, reason);
  }
  if (process.senders_wait.load(std::memory_order_seq_cst)) {
    wake_senders(process, pid);
  }
  ThreadPart& part = parts_.here();
  part.messages_handled.add(process.reductions.load(std::memory_order_relaxed));
  part.ended.add(1);
}

void Runtime::release_bonds(const Pid& pid, Bonds& bonds, const Term& reason) {
  for (const auto& [number, request] : bonds.requests.entries()) {
    if (request.timer != 0) {
      timers_.cancel(request.timer);
    }
    if (!request.done) {
      forget_caller(pid, number, request);
    }
  }
  for (const auto& [number, watch] : bonds.watches.entries()) {
    if (watch.fired) {
      continue;
    }
    auto signal = make_signal(SignalKind::demonitor);
    signal->from = pid;
    signal->to = watch.to;
    signal->name = watch.name;
    signal->node = watch.node;
    signal->reference = make_reference(pid.id, number);
    send_signal(std::move(signal));
  }
  for (const auto& [other, link] : bonds.links.entries()) {
    if (link.unlink_id != 0) {
      continue;
    }
    auto signal = make_signal(SignalKind::exit_linked);
    signal->from = pid;
    signal->to = other;
    signal->payload = reason;
    send_signal(std::move(signal));
  }
  for (const auto& [reference, watcher] : bonds.watchers.entries()) {
    auto signal = make_signal(SignalKind::monitor_down);
    signal->from = pid;
    signal->to = watcher.from;
    signal->name = watcher.name;
    signal->reference = reference;
    signal->payload = reason;
    send_signal(std::move(signal));
  }
  if (bonds.in_groups) {
    groups().process_ended(pid);
  }
  if (bonds.touches_other_nodes || bonds.monitors_nodes) {
    const std::lock_guard lock(nodes_mutex_);
    node_watchers_.erase(pid);
    for (auto& [node, processes] : bound_to_node_) {
      processes.erase(pid);
    }
  }
}

void Runtime::bounce(EnvelopePtr envelope, const Term& reason) {
  if (envelope->kind == SignalKind::message && envelope->from_caller) {
    auto signal = make_signal(SignalKind::monitor_down);
    signal->to = envelope->caller();
    signal->reference = make_reference(envelope->from_id, envelope->number);
    signal->payload = reason;
    send_signal(std::move(signal));
  } else if (envelope->kind == SignalKind::boundary_act) {
    run_boundary_act(envelope->number, nullptr);
  } else if (envelope->form == Envelope::Form::signal) {
    refuse(as_signal(*envelope), reason);
  }
}

Runtime::~Runtime() {
  stopping_.store(true, std::memory_order_release);
  scheduler_.detach(*this);
  remove_default_runtime(*this);
  for (std::uint32_t id = 0; id < table_.slots_used(); ++id) {
    Process& process = *table_.slot(id);
    if (process.serial.load(std::memory_order_relaxed) == 0) {
      continue;
    }
    CurrentScope scope(process, *this);
    destroy_state(process);
    Envelope* const arrived = process.mailbox.close();
    for (Envelope* list : {process.fetched, process.queue_first, arrived}) {
      while (list != nullptr) {
        next_of(list);
      }
    }
    free_kept(process);
  }
}

}  // namespace troupe
