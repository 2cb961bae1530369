// A process carries on in another class, and an image that nothing uses any more is let go.
#include "worker/process/upgrade.hpp"

#include <map>
#include <utility>

#include "worker/process/current.hpp"
#include "worker/process/passed_term.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/state_memory.hpp"

namespace troupe {
namespace {

using Kind = UpgradeOutcome::Kind;

/// A callback of a class outside of any message: what it answers, or why it failed.
template <class Callback>
std::optional<Term> failure_of(Process& process, Runtime& runtime, Callback callback) {
  CurrentScope scope(process, runtime);
  if (callback() == TROUPE_HANDLED && !scope->failed) {
    return std::nullopt;
  }
  return scope->fail_reason;
}

UpgradeOutcome failed(std::string_view what, Term why) {
  return {Kind::failed, Term::tuple({Term::atom(what), std::move(why)})};
}
Term name_of(const troupe_process_class& process_class) { return Term::atom(abi::from_abi(process_class.name)); }

bool waits_for_answers(const Process& process, const void* image) {
  if (!process.bonds) {
    return false;
  }
  for (const auto& [number, request] : process.bonds->requests.entries()) {
    if (request.type != nullptr && request.type->image != image) {
      return true;
    }
  }
  return false;
}

/// From here on no message that it has fetched needs the code of another image than its own.
void turn_messages_into_terms(Process& process) {
  Envelope* list = std::exchange(process.queue_first, nullptr);
  Envelope** next = &process.queue_first;
  if (process.bonds && process.bonds->onlookers) {
    process.bonds->onlookers->left = nullptr;  // It may be one of those that are replaced.
  }
  while (list != nullptr) {
    EnvelopePtr envelope(std::exchange(list, list->next));
    if (envelope->form == Envelope::Form::value &&
        envelope->type->image != process.image.load(std::memory_order_relaxed)) {
      const std::uint32_t bytes = envelope->bytes;
      envelope = to_term_envelope(std::move(envelope));
      envelope->bytes = bytes;  // What the mailbox has counted it as.
    }
    envelope->next = nullptr;
    process.queue_last = envelope.get();
    *next = envelope.release();
    next = &(*next)->next;
  }
}

std::string counts_as_text(const std::map<std::string, std::size_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " of " + name;
  }
  return text;
}

bool any_turn_goes_on(const std::vector<std::uint64_t>& before, const std::vector<std::uint64_t>& now) {
  for (std::size_t at = 0; at < before.size(); ++at) {
    if (before[at] % 2 != 0 && now[at] == before[at]) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Runtime::at_boundary(const Pid& pid, BoundaryAct act) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(boundary_mutex_);
    number = ++last_boundary_act_;
    boundary_acts_.emplace(number, std::move(act));
  }
  push(pid, make_bare_envelope(SignalKind::boundary_act, number), false);
}

void Runtime::run_boundary_act(std::uint64_t number, Process* process) {
  BoundaryAct act;
  {
    const std::lock_guard lock(boundary_mutex_);
    const auto found = boundary_acts_.find(number);
    if (found == boundary_acts_.end()) {
      return;
    }
    act = std::move(found->second);
    boundary_acts_.erase(found);
  }
  act(process);
}

void Runtime::upgrade(const Pid& pid, UpgradeOrder order) {
  at_boundary(pid, [this, order = std::move(order)](Process* process) {
    order.done(process == nullptr ? UpgradeOutcome{} : carry_over(*process, order));
    scheduler_.notify_waiters();
  });
}

UpgradeOutcome Runtime::carry_over(Process& process, const UpgradeOrder& order) {
  const troupe_process_class& before = *process.process_class;
  const troupe_process_class& after = *order.to;
  if (&before == &after) {
    return {Kind::upgraded, {}};
  }
  if (before.save == nullptr) {
    return failed("no_save", name_of(before));
  }
  if (after.load == nullptr) {
    return failed("no_load", name_of(after));
  }
  if (!order.dry_run && waits_for_answers(process, after.image)) {
    return {Kind::busy, {}};
  }
  Term saved;
  if (const auto why = failure_of(process, *this, [&] {
        return before.save(process.state, {&saved, [](void* context, const troupe_term* given) {
                                             *static_cast<Term*>(context) = abi::take_term(*given);
                                           }});
      })) {
    return failed("save_failed", *why);
  }
  // Beside the old state, so that a failure leaves that as it is.
  void* const state = StateMemory::allocate(after);
  const PassedTerm passed(saved, after.image);
  if (const auto why = failure_of(process, *this, [&] {
        return after.load(state, &passed.get(), abi::to_abi(std::string_view(order.from_version)));
      })) {
    StateMemory::free(after, state);
    return failed("load_failed", *why);
  }
  if (order.dry_run) {
    after.destroy(state);
    StateMemory::free(after, state);
    return {Kind::upgraded, {}};
  }
  {
    CurrentScope scope(process, *this);
    before.destroy(process.state);
  }
  StateMemory::free(process);
  {
    const BondsGuard guard(process);
    process.process_class = &after;
    process.image.store(after.image, std::memory_order_release);
  }
  process.state = state;
  process.traps_exits = process.traps_exits || (after.flags & TROUPE_CLASS_TRAPS_EXITS) != 0;
  turn_messages_into_terms(process);
  return {Kind::upgraded, {}};
}

std::vector<Pid> Runtime::processes_of(const void* image) const {
  std::vector<Pid> pids;
  for (std::uint32_t id = 0; id < table_.slots_used(); ++id) {
    const Process& process = *table_.slot(id);
    const std::uint32_t serial = process.serial.load(std::memory_order_acquire);
    if (serial != 0 && process.image.load(std::memory_order_relaxed) == image) {
      pids.push_back({0, 0, id, serial});
    }
  }
  return pids;
}

std::optional<std::string> Runtime::class_of(const Pid& pid, const void* image) const {
  Process* const process = table_.find(pid);
  if (process == nullptr) {
    return std::nullopt;
  }
  const BondsGuard guard(*process);
  if (process->serial.load(std::memory_order_acquire) != pid.serial ||
      process->image.load(std::memory_order_relaxed) != image) {
    return std::nullopt;
  }
  return std::string(abi::from_abi(process->process_class->name));
}

Result<void> Runtime::release_image(const void* image) {
  std::map<std::string, std::size_t> living;
  std::vector<Pid> with_messages;
  for (std::uint32_t id = 0; id < table_.slots_used(); ++id) {
    Process& process = *table_.slot(id);
    if (process.serial.load(std::memory_order_acquire) == 0) {
      continue;
    }
    const BondsGuard guard(process);
    const std::uint32_t serial = process.serial.load(std::memory_order_acquire);
    if (serial != 0 && process.image.load(std::memory_order_relaxed) == image) {
      ++living[std::string(abi::from_abi(process.process_class->name))];
    } else if (serial != 0 && (process.mailbox.length() != 0 || process.running.load(std::memory_order_relaxed))) {
      with_messages.push_back({0, 0, id, serial});
    }
  }
  if (!living.empty()) {
    image_releases_.erase(image);
    return Error{ErrorCode::unavailable, "processes of the module are alive: " + counts_as_text(living)};
  }
  // Nobody makes messages of this image any more; what was made before lies in timers and mailboxes.
  timers_.turn_into_terms(image);
  if (timers_firing_.load(std::memory_order_seq_cst) != 0) {
    return Error{ErrorCode::unavailable, "timers that may hold messages of the module are firing"};
  }
  auto [release, began] = image_releases_.try_emplace(image);
  if (began) {
    release->second = {std::make_shared<std::atomic<std::size_t>>(with_messages.size()), scheduler_.turns()};
    for (const Pid& pid : with_messages) {
      at_boundary(pid, [this, left = release->second.mailboxes](Process* process) {
        if (process != nullptr) {
          turn_messages_into_terms(*process);
        }
        left->fetch_sub(1, std::memory_order_acq_rel);
        scheduler_.notify_waiters();
      });
    }
  }
  if (const std::size_t count = release->second.mailboxes->load(std::memory_order_acquire); count != 0) {
    return Error{ErrorCode::unavailable,
                 "messages of the module may wait in the mailboxes of " + std::to_string(count) + " processes"};
  }
  // A process that has ended may still have the last message it has handled in its hands.
  if (any_turn_goes_on(release->second.turns, scheduler_.turns())) {
    return Error{ErrorCode::unavailable, "a turn that may have been of the module is not over"};
  }
  image_releases_.erase(release);
  return {};
}

}  // namespace troupe
