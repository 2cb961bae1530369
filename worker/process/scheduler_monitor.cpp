#include "worker/process/scheduler_monitor.hpp"

#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/stack_probe.hpp"

namespace troupe {

void SchedulerMonitor::start() {
  thread_ = std::thread([this] { run(); });
}

void SchedulerMonitor::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  parking_.wake();
  thread_.join();
}

void SchedulerMonitor::timer_set(Instant due) {
  if (due < sleeps_until_.load(std::memory_order_seq_cst)) {
    parking_.wake();
  }
}

void SchedulerMonitor::watch_again() {
  if (rests_.load(std::memory_order_seq_cst)) {
    parking_.wake();
  }
}

void SchedulerMonitor::run() {
  while (!stopping_.load(std::memory_order_seq_cst)) {
    parking_.prepare();
    // Whoever sets an earlier timer from now on wakes this thread, whatever it finds below.
    sleeps_until_.store(Instant::max(), std::memory_order_seq_cst);
    Instant until = look();
    idle_looks_ = threads_.all_idle() ? idle_looks_ + 1 : 0;
    rests_.store(idle_looks_ > idle_looks_max, std::memory_order_seq_cst);
    if (rests_.load(std::memory_order_relaxed) && !threads_.all_idle()) {
      idle_looks_ = 0;  // Somebody woke up before this thread had said that it rests.
    }
    if (idle_looks_ <= idle_looks_max) {
      until = std::min(until, clock_.now() + look_every);
    }
    sleeps_until_.store(until, std::memory_order_seq_cst);
    if (!stopping_.load(std::memory_order_seq_cst)) {
      parking_.sleep(until == Instant::max() ? Duration::max() : until - clock_.now());
    }
  }
}

Instant SchedulerMonitor::look() {
  const Instant now = clock_.now();
  // When this thread itself was kept from running, by a CPU quota for instance, so were the others: that is not their
  // being stuck.
  watched_ += std::min(now - last_look_, 2 * look_every);
  last_look_ = now;
  Instant until = owners_.fire(SchedulerThreads::seats_max, now);
  const bool someone_idle = threads_.someone_idle();
  if (someone_idle && threads_.shared_length() != 0) {
    threads_.wake_one();
  }
  for (unsigned index = 0; index < threads_.seats(); ++index) {
    until = std::min(until, look_at(threads_.seat(index), watches_[index], now, someone_idle));
  }
  return until;
}

Instant SchedulerMonitor::look_at(Seat& seat, SeatWatch& watch, Instant now, bool someone_idle) {
  const std::size_t waiting = seat.queue.length();
  switch (
      watch.look(watched_, seat.turns.load(std::memory_order_acquire), waiting, someone_idle, options_.stuck_after)) {
    case SeatVerdict::share:
      seat.share_now.store(true, std::memory_order_release);
      seat.attention.store(true, std::memory_order_release);
      break;
    case SeatVerdict::take:
      threads_.take_queue_from(seat);
      break;
    case SeatVerdict::hand_over:
      hand_over(seat);
      break;
    case SeatVerdict::fine:
      break;
  }
  if (!seat.working.load(std::memory_order_acquire) || watch.long_turn(watched_)) {
    return owners_.fire(seat.index, now);  // Its own thread does not come to it.
  }
  if (seat.next_due.load(std::memory_order_relaxed) <= now) {
    seat.timers_due.store(true, std::memory_order_release);
    seat.attention.store(true, std::memory_order_release);
  }
  return Instant::max();
}

void SchedulerMonitor::hand_over(Seat& seat) {
  if (!threads_.replace(seat)) {
    return;  // It has handed over by itself.
  }
  hand_overs_.fetch_add(1, std::memory_order_relaxed);
  report(seat);
}

void SchedulerMonitor::report(Seat& seat) {
  const std::uint64_t turn_of_stack = seat.turns.load(std::memory_order_acquire);
  const auto stack = stack_of(seat.thread.native_handle(), stack_wait_max);
  const TimerOwner* const owner = seat.running_of.load(std::memory_order_relaxed);
  owners_.with(owner, [&] {
    const std::uint64_t turn = seat.turns.load(std::memory_order_acquire);
    const Process* const process = seat.running.load(std::memory_order_acquire);
    // While it is a process of this runtime, which cannot go now, its slot may be looked at.
    if (process == nullptr || seat.running_of.load(std::memory_order_relaxed) != owner ||
        seat.turns.load(std::memory_order_acquire) != turn) {
      return;
    }
    const bool same_turn = turn == turn_of_stack;  // Else the stack may be of another.
    const auto info = static_cast<const Runtime*>(owner)->process_info(process->pid());
    if (info) {
      log_warning("a handler has kept its thread for too long; another thread has taken over what waits",
                  {{"pid", text_for_log(info->pid)},
                   {"class", info->class_name},
                   {"name", info->name},
                   {"label", info->label},
                   {"stack", stack && same_turn ? describe(*stack) : std::string{}}});
    }
  });
}

}  // namespace troupe
