#include "worker/process/scheduler_monitor.hpp"

#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/stack_probe.hpp"
#include "worker/process/user_code.hpp"

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
  if (!reports_.empty() && reports_.front().asked) {
    forget_stack();
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
  report_stuck();
  return reports_.empty() ? until : std::min(until, now + look_every);
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
  if (seat.replaced.load(std::memory_order_acquire)) {
    look_for_kill(seat);
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
  report_later(seat);
}

template <class Use>
void SchedulerMonitor::with_process_of(Seat& seat, Use use) const {
  const TimerOwner* const owner = seat.running_of.load(std::memory_order_relaxed);
  owners_.with(owner, [&] {
    const std::uint64_t turn = seat.turns.load(std::memory_order_acquire);
    Process* const process = seat.running.load(std::memory_order_acquire);
    // While it is a process of this runtime, which cannot go now, its slot may be looked at.
    if (process != nullptr && seat.running_of.load(std::memory_order_relaxed) == owner &&
        seat.turns.load(std::memory_order_acquire) == turn) {
      use(*process, turn);
    }
  });
}

void SchedulerMonitor::report_later(Seat& seat) {
  with_process_of(seat, [&](const Process& process, std::uint64_t turn) {
    if (auto info = process.runtime->process_info(process.pid())) {
      reports_.push_back({&seat, turn, std::move(*info), false, watched_ + stack_wait_max});
    }
  });
}

void SchedulerMonitor::report_stuck() {
  while (!reports_.empty()) {
    StuckReport& report = reports_.front();
    report.asked = report.asked || ask_for_stack(report.seat->thread.native_handle());
    std::optional<StackTrace> stack = report.asked ? stack_answer() : std::nullopt;
    if (!stack && watched_ < report.until) {
      return;
    }
    if (!stack && report.asked) {
      forget_stack();
    }
    if (report.seat->turns.load(std::memory_order_acquire) != report.turn) {
      stack.reset();  // It may be of another turn.
    }
    log_warning("a handler has kept its thread for too long; another thread has taken over what waits",
                {{"pid", text_for_log(report.process.pid)},
                 {"class", report.process.class_name},
                 {"name", report.process.name},
                 {"label", report.process.label},
                 {"stack", stack ? describe(*stack) : std::string{}}});
    reports_.pop_front();
  }
}

void SchedulerMonitor::look_for_kill(Seat& seat) {
  KillWatch& watch = kills_[seat.index];
  with_process_of(seat, [&](Process& process, std::uint64_t turn) {
    if (watch.turn != turn) {
      watch = {turn};
    }
    if (watched_ < watch.next_look || seat.abandoned.load(std::memory_order_relaxed)) {
      return;
    }
    watch.next_look = watched_ + options_.kill_after / 8;
    UserCodeClaim claim(process);
    // A handler that is claimed cannot return, so from here on the turn, when it still is the same, stays so.
    if (!claim.held() || seat.turns.load(std::memory_order_acquire) != turn || !Runtime::kill_waits(process)) {
      return;
    }
    watch.waits_since = std::min(watch.waits_since, watched_);
    if (watched_ - watch.waits_since >= options_.kill_after) {
      process.runtime->abandon(process, **seat.callback.load(std::memory_order_acquire));
      seat.abandoned.store(true, std::memory_order_relaxed);
      claim.ended();
    }
  });
}

}  // namespace troupe
