#include "worker/process/threaded_scheduler.hpp"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "worker/process/runtime.hpp"
#include "worker/process/scheduler_monitor.hpp"
#include "worker/process/scheduler_threads.hpp"

namespace troupe {

ThreadedSchedulerOptions scheduler_options(double cpus, std::optional<unsigned> threads) {
  ThreadedSchedulerOptions options;
  options.threads = std::clamp(threads.value_or(static_cast<unsigned>(std::ceil(cpus))), 1U, 48U);
  // With a part of a CPU, time spent looking for work is missing when there is some.
  if (cpus < static_cast<double>(options.threads)) {
    options.spin_max = Duration::zero();
  }
  return options;
}

struct ThreadedScheduler::Parts {
  Parts(const Clock& the_clock, const ThreadedSchedulerOptions& options)
      : clock(the_clock), threads(clock, options, owners), monitor(clock, options, threads, owners) {}

  const Clock& clock;
  TimerOwners owners;
  SchedulerThreads threads;
  SchedulerMonitor monitor;

  std::mutex waiters_mutex;
  std::condition_variable waiters_changed;
};

ThreadedScheduler::ThreadedScheduler(const Clock& clock, ThreadedSchedulerOptions options)
    : parts_(std::make_unique<Parts>(clock, options)) {
  parts_->threads.on_wake([monitor = &parts_->monitor] { monitor->watch_again(); });
  parts_->threads.start();
  parts_->monitor.start();
}

ThreadedScheduler::~ThreadedScheduler() {
  parts_->monitor.stop();
  parts_->threads.stop();
}

void ThreadedScheduler::schedule(Process& process) { parts_->threads.schedule(process); }

unsigned ThreadedScheduler::places() const { return SchedulerThreads::seats_max + 1; }

unsigned ThreadedScheduler::place() const {
  const Seat* const seat = parts_->threads.seat_here();
  return seat == nullptr ? SchedulerThreads::seats_max : seat->index;
}

void ThreadedScheduler::timer_set(Instant due) {
  Seat* const seat = parts_->threads.seat_here();
  if (seat == nullptr) {
    parts_->monitor.timer_set(due);
  } else if (due < seat->next_due.load(std::memory_order_relaxed)) {
    seat->next_due.store(due, std::memory_order_relaxed);
  }
}

void ThreadedScheduler::attach(TimerOwner& owner) { parts_->owners.attach(owner); }

void ThreadedScheduler::detach(TimerOwner& owner) {
  parts_->owners.detach(owner);
  parts_->threads.forget(static_cast<const Runtime&>(owner));
}

void ThreadedScheduler::hand_over() { parts_->threads.hand_over(); }

void ThreadedScheduler::wait(const std::function<bool()>& done) {
  std::unique_lock lock(parts_->waiters_mutex);
  parts_->waiters_changed.wait(lock, done);
}

void ThreadedScheduler::notify_waiters() {
  { const std::lock_guard lock(parts_->waiters_mutex); }
  parts_->waiters_changed.notify_all();
}

std::vector<std::uint64_t> ThreadedScheduler::turns() const { return parts_->threads.turns(); }

const Clock& ThreadedScheduler::clock() const { return parts_->clock; }

SchedulerLoad ThreadedScheduler::load() const {
  SchedulerLoad sum;
  SchedulerThreads& threads = parts_->threads;
  sum.run_queue = threads.shared_length();
  sum.hand_overs = parts_->monitor.hand_overs();
  for (unsigned index = 0; index < threads.seats(); ++index) {
    Seat& seat = threads.seat(index);
    sum.run_queue += seat.queue.length();
    sum.threads_stuck += seat.replaced.load(std::memory_order_relaxed) ? 1 : 0;
    sum.threads_abandoned += seat.abandoned.load(std::memory_order_relaxed) ? 1 : 0;
    clockid_t clock_id{};
    timespec used{};
    if (pthread_getcpuclockid(seat.thread.native_handle(), &clock_id) == 0 && clock_gettime(clock_id, &used) == 0) {
      sum.busy += std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
    }
  }
  return sum;
}

}  // namespace troupe
