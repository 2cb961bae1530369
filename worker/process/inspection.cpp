// What others may know about processes, and calls from threads that are none.
#include <algorithm>
#include <utility>

#include "troupe/node_name.hpp"
#include "worker/process/blocking_request.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

Error call_error(const Term& reason) {
  if (reason.is_atom("timeout")) {
    return {ErrorCode::timeout, "no reply within the timeout"};
  }
  if (reason.is_atom("noproc")) {
    return {ErrorCode::not_found, "no such process (noproc)"};
  }
  if (reason.is_atom("noconnection")) {
    return {ErrorCode::unavailable, "no connection to the node of the process (noconnection)"};
  }
  if (reason.is_atom("full")) {
    return {ErrorCode::unavailable, "the mailbox of the process is full"};
  }
  return {ErrorCode::internal, "the process ended before it replied: " + reason.text()};
}

}  // namespace

Runtime::Runtime(Scheduler& scheduler, RuntimeOptions options)
    : scheduler_(scheduler),
      clock_(scheduler.clock()),
      options_(options),
      table_(*this, options.processes_max),
      timers_(scheduler.places()),
      local_groups_(make_local_groups()),
      groups_(local_groups_.get()) {
  abi::host_table = &native_host_table;
  add_default_runtime(*this);
  scheduler_.attach(*this);
}

Result<Term> Runtime::call(const Destination& to, Term request, Duration timeout) {
  check(current() == nullptr, "Runtime::call blocks: inside a process use send_request");
  const auto answer = ask_and_wait(*this, to, std::move(request), timeout);
  if (!answer) {
    return Error{ErrorCode::limit_exceeded, "no free slot in the process table for the caller"};
  }
  if (answer->replied) {
    return answer->term;
  }
  return call_error(answer->term);
}

SendResult Runtime::post(const Destination& to, Term message) {
  return send(to, make_term_envelope(SignalKind::message, std::move(message)));
}

TimerId Runtime::set_timer(Duration delay, Timer timer) {
  const Instant now = clock().now();
  const Instant due = delay > Instant::max() - now ? Instant::max() : now + std::max(delay, Duration::zero());
  const Timers::Added added = timers_.add(scheduler_.place(), due, std::move(timer));
  if (added.earlier) {
    scheduler_.timer_set(*added.earlier);
  }
  return added.id;
}

TimerId Runtime::send_after(Duration delay, const Destination& to, EnvelopePtr message) {
  Timer timer;
  timer.to = to.pid;
  timer.name = to.name.empty() ? nullptr : std::make_unique<std::string>(to.name);
  timer.node = to.name.empty() ? 0 : node_of(to).value_or(0);
  timer.signal = std::move(message);
  return set_timer(delay, std::move(timer));
}

TimerId Runtime::start_timer(Process& process, Duration delay, SignalKind kind) {
  Timer timer;
  timer.to = process.pid();
  timer.kind = kind;
  return set_timer(delay, std::move(timer));
}

std::optional<Instant> Runtime::fire_timers(unsigned place, Instant now) {
  timers_firing_.fetch_add(1, std::memory_order_seq_cst);
  for (Timer& timer : timers_.take_due(place, now)) {
    if (timer.signal == nullptr) {
      push(timer.to, make_bare_envelope(timer.kind, timer.number), false);
    } else if (timer.name == nullptr) {
      send(timer.to, std::move(timer.signal));
    } else {
      send(Destination(*timer.name, timer.node == 0 ? std::string_view{} : node_name(timer.node)),
           std::move(timer.signal));
    }
  }
  timers_firing_.fetch_sub(1, std::memory_order_seq_cst);
  return timers_.next_due(place);
}

bool Runtime::alive(const Pid& pid) const { return table_.find(pid) != nullptr; }

std::optional<ProcessInfo> Runtime::process_info(const Pid& pid) const {
  Process* const process = table_.find(pid);
  if (process == nullptr) {
    return std::nullopt;
  }
  ProcessInfo info;
  info.pid = pid;
  info.mailbox_length = process->mailbox.length();
  info.mailbox_large_bytes = process->mailbox.large_bytes();
  info.reductions = process->reductions.load(std::memory_order_relaxed);
  info.running = process->running.load(std::memory_order_relaxed);
  const BondsGuard guard(*process);
  if (process->serial.load(std::memory_order_acquire) != pid.serial) {
    return std::nullopt;
  }
  info.parent = process->parent;
  info.class_name = std::string(abi::from_abi(process->process_class->name));
  info.system = (process->process_class->flags & TROUPE_CLASS_SYSTEM) != 0;
  info.name = process->name ? *process->name : std::string{};
  if (const Bonds* const bonds = process->bonds.get()) {
    info.label = bonds->label;
    for (const auto& [other, link] : bonds->links.entries()) {
      if (link.unlink_id == 0) {
        info.links.push_back(other);
      }
    }
    for (const auto& [number, watch] : bonds->watches.entries()) {
      info.monitors.push_back(watch.to);
    }
    for (const auto& [reference, watcher] : bonds->watchers.entries()) {
      info.monitored_by.push_back(watcher.from);
    }
  }
  return info;
}

std::vector<Pid> Runtime::processes(std::size_t count_max) const {
  std::vector<Pid> pids;
  for (std::uint32_t id = 0; id < table_.slots_used() && pids.size() < count_max; ++id) {
    const std::uint32_t serial = table_.slot(id)->serial.load(std::memory_order_relaxed);
    if (serial != 0) {
      pids.push_back({0, 0, id, serial});
    }
  }
  return pids;
}

RuntimeCounters Runtime::counters() const {
  RuntimeCounters counters;
  // Ends before spawns, so that a process which ends meanwhile still counts as alive.
  counters.ended = parts_.sum(&ThreadPart::ended);
  counters.spawned = parts_.sum(&ThreadPart::spawned);
  counters.processes = static_cast<std::uint32_t>(counters.spawned - counters.ended);
  counters.crashed = parts_.sum(&ThreadPart::crashed);
  counters.ended_normal = parts_.sum(&ThreadPart::ended_normal);
  counters.ended_shutdown = parts_.sum(&ThreadPart::ended_shutdown);
  counters.ended_killed = parts_.sum(&ThreadPart::ended_killed);
  const std::uint64_t named = counters.ended_normal + counters.ended_shutdown + counters.ended_killed;
  counters.ended_abnormal = counters.ended > named ? counters.ended - named : 0;
  counters.messages_refused = parts_.sum(&ThreadPart::messages_refused);
  counters.messages_not_understood = parts_.sum(&ThreadPart::messages_not_understood);
  counters.messages_handled = parts_.sum(&ThreadPart::messages_handled);
  for (std::uint32_t id = 0; id < table_.slots_used(); ++id) {
    const Process& process = *table_.slot(id);
    if (process.serial.load(std::memory_order_relaxed) != 0) {
      counters.messages_handled += process.reductions.load(std::memory_order_relaxed);
      counters.messages_waiting += process.mailbox.length();
    }
  }
  return counters;
}

}  // namespace troupe
