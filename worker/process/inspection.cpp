// What others may know about processes, and calls from threads that are none.
#include <algorithm>
#include <functional>
#include <queue>
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
  if (reason.is_atom("system_limit")) {
    return {ErrorCode::limit_exceeded, "too many timers are set for one more timeout (system_limit)"};
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

Result<Term> result_of(const BlockingAnswer& answer) {
  return answer.replied ? Result<Term>(answer.term) : Result<Term>(call_error(answer.term));
}

}  // namespace

Runtime::Runtime(Scheduler& scheduler, RuntimeOptions options)
    : scheduler_(scheduler),
      clock_(scheduler.clock()),
      options_(options),
      table_(*this, options.processes_max),
      timers_(scheduler.places(), options.timers_per_place_max),
      local_groups_(make_local_groups()),
      groups_(local_groups_.get()) {
  abi::host_table = &native_host_table;
  add_default_runtime(*this);
  scheduler_.attach(*this);
}

Result<Term> Runtime::call(const Destination& to, Term request, Duration timeout) {
  check(current() == nullptr, "Runtime::call blocks: inside a process use send_request");
  const auto answer = ask_and_wait(*this, to, std::move(request), timeout);
  return answer ? result_of(*answer) : no_process_to_ask();
}

Error no_process_to_ask() { return {ErrorCode::limit_exceeded, "no free slot in the process table for the caller"}; }

Result<Term> wait_for_answer(Runtime& runtime, const std::shared_ptr<BlockingAnswer>& answer) {
  runtime.scheduler().wait([&] { return answer->done.load(std::memory_order_acquire); });
  return result_of(*answer);
}

SendResult Runtime::post(const Destination& to, Term message) {
  return send(to, make_term_envelope(SignalKind::message, std::move(message)));
}

TimerId Runtime::set_timer(Duration delay, Timer&& timer) {
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
  for (TimerWheel::Fired& fired : timers_.take_due(place, now)) {
    Timer& timer = fired.timer;
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

std::uint64_t Runtime::memory_of(const Process& process) {
  const std::uint64_t waiting = process.mailbox.length() * BlockPool::step_bytes + process.mailbox.large_bytes();
  const std::size_t state = process.process_class->state_size;
  std::uint64_t bytes = sizeof(Process) + waiting + (state > Process::inline_state_bytes ? state : 0);
  if (const Bonds* const bonds = process.bonds.get()) {
    const auto of = [](const auto& entries) { return entries.capacity() * sizeof(entries[0]); };
    bytes += sizeof(Bonds) + of(bonds->links.entries()) + of(bonds->watches.entries()) + of(bonds->watchers.entries()) +
             of(bonds->requests.entries());
  }
  return bytes;
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
  info.messages_dropped = process->messages_dropped.load(std::memory_order_relaxed);
  info.reductions = process->reductions.load(std::memory_order_relaxed);
  info.running = process->running.load(std::memory_order_relaxed);
  info.suspended = process->suspended.load(std::memory_order_relaxed);
  const BondsGuard guard(*process);
  if (process->serial.load(std::memory_order_acquire) != pid.serial) {
    return std::nullopt;
  }
  info.parent = process->parent;
  info.class_name = std::string(abi::from_abi(process->process_class->name));
  info.system = (process->process_class->flags & TROUPE_CLASS_SYSTEM) != 0;
  info.supervisor = (process->process_class->flags & TROUPE_CLASS_SUPERVISOR) != 0;
  info.memory_bytes = memory_of(*process);
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

template <class Use>
void Runtime::for_each_user_process(Use use) const {
  for (std::uint32_t id = 0; id < table_.slots_used(); ++id) {
    Process* const process = table_.slot(id);
    if (process == nullptr || process->serial.load(std::memory_order_relaxed) == 0) {
      continue;
    }
    const BondsGuard guard(*process);
    const Pid pid = {0, 0, id, process->serial.load(std::memory_order_acquire)};
    if (pid.serial != 0 && (process->process_class->flags & TROUPE_CLASS_SYSTEM) == 0) {
      use(pid, *process);
    }
  }
}

std::vector<ProcessInfo> Runtime::top(TopBy by, std::size_t count) const {
  using Entry = std::pair<std::uint64_t, Pid>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> most;  // The least of them is at its top.
  for_each_user_process([&](const Pid& pid, const Process& process) {
    const std::uint64_t has = by == TopBy::mailbox  ? process.mailbox.length()
                              : by == TopBy::memory ? memory_of(process)
                                                    : process.reductions.load(std::memory_order_relaxed);
    if (most.size() < count) {
      most.emplace(has, pid);
    } else if (count != 0 && has > most.top().first) {
      most.pop();
      most.emplace(has, pid);
    }
  });
  std::vector<ProcessInfo> infos;
  for (; !most.empty(); most.pop()) {
    if (auto info = process_info(most.top().second)) {
      infos.push_back(std::move(*info));
    }
  }
  std::reverse(infos.begin(), infos.end());
  return infos;
}

std::vector<Pid> Runtime::supervisors(std::size_t count_max) const {
  std::vector<Pid> pids;
  for_each_user_process([&](const Pid& pid, const Process& process) {
    if ((process.process_class->flags & TROUPE_CLASS_SUPERVISOR) != 0 && pids.size() < count_max) {
      pids.push_back(pid);
    }
  });
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
  counters.messages_dropped = parts_.sum(&ThreadPart::messages_dropped);
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
