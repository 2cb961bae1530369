// Back pressure between processes of one node: who floods a mailbox pauses until half of it is left.
//
// A parked process belongs to nobody: whoever turns `parked` from true to false schedules it. Each side first says what
// it does, then looks at the other (sequentially consistent), so that one of the two always sees it.
#include "worker/process/current.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Called at the end of a turn. False when there is no reason to pause after all: the process takes another turn. After
/// true it may already run elsewhere.
bool Runtime::park(Process& process, const Pid& receiver) {
  process.running.store(false, std::memory_order_relaxed);
  const Pid pid = process.pid();
  Process* const flooded = table_.find(receiver);
  if (flooded == nullptr) {
    return false;
  }
  Timer timer;
  timer.to = pid;
  timer.kind = SignalKind::resume;
  process.pause_timer = set_timer(sender_pause_max, std::move(timer));
  if (process.pause_timer == 0) {
    return false;  // There are too many timers: a pause might have no end.
  }
  {
    const std::lock_guard lock(pauses_mutex_);
    paused_by_receiver_[receiver].insert(pid);
    flooded->senders_wait.store(true, std::memory_order_seq_cst);
  }
  process.parked.store(true, std::memory_order_seq_cst);
  const bool may_go_on = flooded->mailbox.length() <= mailbox_soft_messages_max / 2 ||
                         flooded->serial.load(std::memory_order_seq_cst) != receiver.serial ||
                         process.mailbox.has_arrivals();
  return !may_go_on || !process.parked.exchange(false, std::memory_order_seq_cst);
}

void Runtime::unpark(Process& process) {
  if (process.parked.exchange(false, std::memory_order_seq_cst) && !stopping_.load(std::memory_order_relaxed)) {
    scheduler_.schedule(process);
  }
}

void Runtime::wake_senders(Process& receiver, const Pid& pid) {
  std::unordered_set<Pid> senders;
  {
    const std::lock_guard lock(pauses_mutex_);
    receiver.senders_wait.store(false, std::memory_order_seq_cst);
    if (const auto found = paused_by_receiver_.find(pid); found != paused_by_receiver_.end()) {
      senders = std::move(found->second);
      paused_by_receiver_.erase(found);
    }
  }
  for (const Pid& sender : senders) {
    if (Process* const process = table_.find(sender)) {
      unpark(*process);
    }
  }
}

}  // namespace troupe
