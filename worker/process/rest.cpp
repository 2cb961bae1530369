// What a process asks for in case that nothing more waits for it: OTP's timeout of a gen_server, and hibernation.
#include <utility>

#include "worker/process/current.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

/// False when there is anything in them.
bool may_go(const Bonds& bonds) {
  return bonds.links.empty() && bonds.watches.empty() && bonds.watchers.empty() && bonds.requests.empty() &&
         bonds.label.empty() && !bonds.onlookers && !bonds.touches_other_nodes && !bonds.monitors_nodes &&
         !bonds.in_groups;
}

/// Memory that is only held in reserve.
void give_back(Process& process) {
  std::unique_ptr<Bonds> unused;
  {
    const BondsGuard guard(process);
    if (process.bonds && !process.idle_timer_set && may_go(*process.bonds)) {
      unused = std::move(process.bonds);
    } else if (process.bonds) {
      process.bonds->links.shrink();
      process.bonds->watches.shrink();
      process.bonds->watchers.shrink();
      process.bonds->requests.shrink();
      process.bonds->label.shrink_to_fit();
    }
  }
}

}  // namespace

/// Called where a turn may end. What still waits calls both off.
void Runtime::rest(Process& process, Current& here) {
  if (!here.rests || process.queue_first != nullptr) {
    return;
  }
  const Duration delay = here.idle_after;
  const bool hibernates = here.hibernates;
  here.take_back_rest();
  if (delay != Current::no_timeout) {
    bonds_of(process).idle_timer = start_timer(process, delay, SignalKind::idle_timeout);
    process.idle_timer_set = true;
  }
  if (hibernates) {
    if (process.process_class->shrink != nullptr) {
      process.process_class->shrink(process.state);
    }
    give_back(process);
    BlockPool::flush();
  }
}

}  // namespace troupe
