// Back pressure: who floods a mailbox, or the link to another node, pauses until half of it is left.
//
// A parked process belongs to nobody: whoever turns `parked` from true to false schedules it. Each side first says what
// it does, then looks at the other (sequentially consistent), so that one of the two always sees it.
#include "worker/process/current.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Called at the end of a turn. False when there is no reason to pause after all: the process takes another turn. After
/// true it may already run elsewhere.
bool Runtime::park(Process& process, const Pid& flooded) {
  process.running.store(false, std::memory_order_relaxed);
  const Pid pid = process.pid();
  const bool by_link = flooded.node != 0;
  Process* const receiver = by_link ? nullptr : table_.find(flooded);
  if (!by_link && receiver == nullptr) {
    return false;
  }
  Timer timer;
  timer.to = pid;
  timer.kind = SignalKind::resume;
  process.pause_timer = set_timer(by_link ? Duration(busy_link_pause_max) : sender_pause_max, std::move(timer));
  if (process.pause_timer == 0) {
    return false;  // There are too many timers: a pause might have no end.
  }
  {
    const std::lock_guard lock(pauses_mutex_);
    paused_by_[flooded].insert(pid);
    if (receiver != nullptr) {
      receiver->senders_wait.store(true, std::memory_order_seq_cst);
    }
  }
  process.parked.store(true, std::memory_order_seq_cst);
  const bool may_go_on = process.mailbox.has_arrivals() || !is_flooded(receiver, flooded);
  return !may_go_on || !process.parked.exchange(false, std::memory_order_seq_cst);
}

/// `receiver` is null when it is a link.
bool Runtime::is_flooded(const Process* receiver, const Pid& flooded) const {
  if (receiver != nullptr) {
    return receiver->mailbox.length() > mailbox_soft_messages_max / 2 &&
           receiver->serial.load(std::memory_order_seq_cst) == flooded.serial;
  }
  const RemoteNodes* const nodes = remote_.load(std::memory_order_acquire);
  const Lane lane = flooded == lane_pid(flooded.node, Lane::small) ? Lane::small : Lane::large;
  return nodes != nullptr && nodes->is_busy(flooded.node, lane);
}

void Runtime::unpark(Process& process) {
  if (process.parked.exchange(false, std::memory_order_seq_cst) && !stopping_.load(std::memory_order_relaxed)) {
    scheduler_.schedule(process);
  }
}

void Runtime::wake_senders(Process& receiver, const Pid& pid) {
  {
    const std::lock_guard lock(pauses_mutex_);
    receiver.senders_wait.store(false, std::memory_order_seq_cst);
  }
  wake_paused_by(pid);
}

void Runtime::wake_paused_by(const Pid& flooded) {
  std::unordered_set<Pid> senders;
  {
    const std::lock_guard lock(pauses_mutex_);
    if (const auto found = paused_by_.find(flooded); found != paused_by_.end()) {
      senders = std::move(found->second);
      paused_by_.erase(found);
    }
  }
  for (const Pid& sender : senders) {
    if (Process* const process = table_.find(sender)) {
      unpark(*process);
    }
  }
}

}  // namespace troupe
