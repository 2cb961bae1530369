// How processes come to be.
#include <algorithm>
#include <cstddef>

#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/passed_term.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/state_memory.hpp"

namespace troupe {
namespace {

std::uint8_t policy_of(const troupe_spawn& options) {
  const bool given = options.struct_size >= offsetof(troupe_spawn, mailbox_policy) + sizeof options.mailbox_policy;
  return given && options.mailbox_policy <= TROUPE_MAILBOX_EXIT ? static_cast<std::uint8_t>(options.mailbox_policy)
                                                                : std::uint8_t{TROUPE_MAILBOX_REFUSE};
}

}  // namespace

Process* Runtime::open_process(const troupe_process_class& process_class, MailboxLimits limits, const Pid& parent) {
  if (spawns_held_.load(std::memory_order_relaxed) && (process_class.flags & TROUPE_CLASS_SYSTEM) == 0) {
    return nullptr;
  }
  ThreadPart& part = parts_.here();
  Process* const process = table_.take(part);
  if (process == nullptr) {
    return nullptr;
  }
  const bool holds_more = limits.policy == TROUPE_MAILBOX_DROP_OLDEST;
  limits.messages_max = std::min(limits.messages_max != 0 ? limits.messages_max : options_.mailbox.messages_max,
                                 holds_more ? mailbox_messages_max_max / overfull_times : mailbox_messages_max_max);
  limits.bytes_max = limits.bytes_max != 0 ? limits.bytes_max : options_.mailbox.bytes_max;
  if (++process->last_serial == 0) {
    process->last_serial = 1;
  }
  {
    const BondsGuard guard(*process);  // An inspector may still be looking at the life before.
    process->process_class = &process_class;
    process->parent = parent;
  }
  process->image.store(process_class.image, std::memory_order_relaxed);
  process->state = StateMemory::choose(*process, process_class);
  process->traps_exits = (process_class.flags & TROUPE_CLASS_TRAPS_EXITS) != 0;
  process->constructed = false;
  process->slow = false;
  process->traced = false;
  process->fate.store(Fate::alive, std::memory_order_relaxed);
  process->suspended.store(false, std::memory_order_relaxed);
  process->priority = TROUPE_PRIORITY_NORMAL;
  process->reductions.store(0, std::memory_order_relaxed);
  process->mailbox_policy.store(limits.policy, std::memory_order_relaxed);
  process->messages_dropped.store(0, std::memory_order_relaxed);
  process->mailbox.open(limits);
  process->serial.store(process->last_serial, std::memory_order_release);
  part.spawned.add(1);
  return process;
}

template <class Body>
bool Runtime::construct(Process& process, const Body& body) {
  CurrentScope scope(process, *this);
  process.constructed = body(process.state) == TROUPE_HANDLED;
  if (!process.constructed || scope->failed) {
    end(process, scope->fail_reason, scope->crashed ? EndedBy::crash : EndedBy::exit, nullptr);
    return false;
  }
  rest(process, *scope);
  return true;
}

void Runtime::begin(Process& process) {
  // Whoever pushed meanwhile did not schedule it: it counted as running.
  // Its constructor may also have queued something itself, such as the failure of a request.
  if (process.queue_first != nullptr || !process.mailbox.try_idle()) {
    scheduler_.schedule(process);
  }
}

Result<Pid, StartError> Runtime::start(const StartRequest& request) {
  Process* const spawner = current() != nullptr ? current()->process : nullptr;
  Process* const process =
      open_process(*request.process_class, request.mailbox, spawner != nullptr ? spawner->pid() : Pid{});
  if (process == nullptr) {
    const bool held = spawns_held_.load(std::memory_order_relaxed);
    return StartError{held ? Term::tuple({Term::atom("system_limit"), Term::atom("memory")})
                           : Term::atom("system_limit")};
  }
  const Pid pid = process->pid();
  if (!request.name.empty() && !register_name(request.name, pid)) {
    const auto holder = whereis(request.name);
    end(*process, reasons::normal(), EndedBy::signal, nullptr);
    return StartError{holder ? Term::tuple({Term::atom("already_started"), Term::pid(*holder)})
                             : Term::tuple({Term::atom("bad_name"), Term::binary(request.name)})};
  }
  Term failure;
  const bool constructed = construct(*process, [&](void* state) {
    int outcome = TROUPE_FAILED;
    if (request.construct) {
      outcome = request.construct(state);
    } else {
      const PassedTerm arguments(request.arguments, request.process_class->image);
      outcome = request.process_class->start(state, &arguments.get());
    }
    failure = current()->fail_reason;
    return outcome;
  });
  if (!constructed) {
    return StartError{failure};
  }
  if (request.link && spawner != nullptr) {
    link_both(*spawner, *process);
  }
  begin(*process);
  return pid;
}

Pid Runtime::spawn(const troupe_spawn& options, Reference* monitor) {
  Process* const spawner = current() != nullptr ? current()->process : nullptr;
  const MailboxLimits limits{options.mailbox_messages_max, options.mailbox_bytes_max, policy_of(options)};
  Process* const process = open_process(*options.process_class, limits, spawner != nullptr ? spawner->pid() : Pid{});
  if (process == nullptr) {
    return {};
  }
  if (options.priority <= TROUPE_PRIORITY_LOW) {
    process->priority = static_cast<std::uint8_t>(options.priority);
  }
  const Pid pid = process->pid();
  const std::string_view name = options.name.size != 0 ? abi::from_abi(options.name) : std::string_view{};
  if (!name.empty() && !register_name(name, pid)) {
    end(*process, reasons::normal(), EndedBy::signal, nullptr);
    return {};
  }
  if (spawner != nullptr && (options.flags & TROUPE_SPAWN_LINK) != 0) {
    link_both(*spawner, *process);
  }
  if (spawner != nullptr && monitor != nullptr && (options.flags & TROUPE_SPAWN_MONITOR) != 0) {
    const std::uint64_t number = next_number(*spawner);
    *monitor = make_reference(spawner->id, number);
    Bonds& own = bonds_of(*spawner);
    Bonds& theirs = bonds_of(*process);
    {
      const BondsGuard guard(*spawner);
      own.watches[number].to = pid;
    }
    const BondsGuard guard(*process);
    theirs.watchers[*monitor].from = spawner->pid();
  }
  if (construct(*process, [&](void* state) { return options.construct(state, options.context); })) {
    begin(*process);
  }
  return pid;
}

void Runtime::link_both(Process& one, Process& other) {
  Bonds& ones = bonds_of(one);
  Bonds& others = bonds_of(other);
  {
    const BondsGuard guard(one);
    ones.links[other.pid()] = {};
  }
  const BondsGuard guard(other);
  others.links[one.pid()] = {};
}

}  // namespace troupe
