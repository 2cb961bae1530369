#include "worker/process/scheduler_threads.hpp"

#include <algorithm>

#include "worker/process/block_pool.hpp"
#include "worker/process/current.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

struct ThisThread {
  const SchedulerThreads* threads = nullptr;
  Seat* seat = nullptr;
};
constinit thread_local ThisThread this_thread;

}  // namespace

SchedulerThreads::SchedulerThreads(const Clock& clock, const ThreadedSchedulerOptions& options, TimerOwners& owners)
    : clock_(clock), options_(options), owners_(owners), seats_(std::make_unique<Seat[]>(seats_max)) {
  for (unsigned index = 0; index < seats_max; ++index) {
    seats_[index].index = index;
  }
}

Seat* SchedulerThreads::seat_here() const { return this_thread.threads == this ? this_thread.seat : nullptr; }

// --- Where a process waits for its turn ---

void SchedulerThreads::schedule(Process& process) {
  Seat* const seat = seat_here();
  if (seat == nullptr || seat->replaced.load(std::memory_order_relaxed)) [[unlikely]] {
    push_shared(process);
    wake_one();
    return;
  }
  push_own(*seat, process);
  // What this thread will do at once is not worth another's waking up; but a crowd is.
  if (idle_.load(std::memory_order_relaxed) != 0 && seat->queue.length() >= crowd) {
    share_half(*seat);
  }
}

void SchedulerThreads::push_own(Seat& seat, Process& process) {
  const OwnerLock::Owner lock(seat.lock);
  seat.queue.push(process);
  ++seat.pushed;
}

void SchedulerThreads::push_shared(Process& process) {
  const std::lock_guard lock(shared_mutex_);
  shared_.push(process);
  // Before the pusher looks for idle threads; an idle one looks here after it has said that it is.
  shared_length_.store(shared_.length(), std::memory_order_seq_cst);
}

Process* SchedulerThreads::take_shared(Seat& seat) {
  if (shared_length_.load(std::memory_order_relaxed) == 0) {
    return nullptr;
  }
  Process* first = nullptr;
  {
    const std::lock_guard shared_lock(shared_mutex_);
    const std::size_t share = std::min<std::size_t>(shared_.length() / std::max(1u, options_.threads), share_max);
    first = shared_.pop();
    const OwnerLock::Owner lock(seat.lock);
    const std::uint32_t before = seat.queue.length();
    shared_.move_to(seat.queue, share);
    seat.pushed += seat.queue.length() - before;
    shared_length_.store(shared_.length(), std::memory_order_seq_cst);
  }
  if (shared_length_.load(std::memory_order_relaxed) != 0) {
    wake_one();
  }
  return first;
}

void SchedulerThreads::share_half(Seat& seat) {
  {
    const std::lock_guard shared_lock(shared_mutex_);
    const OwnerLock::Owner lock(seat.lock);
    seat.queue.move_to(shared_, std::min<std::size_t>((seat.queue.length() + 1) / 2, share_max));
    shared_length_.store(shared_.length(), std::memory_order_seq_cst);
  }
  wake_one();
}

void SchedulerThreads::take_queue_from(Seat& seat) {
  {
    const std::lock_guard shared_lock(shared_mutex_);
    const OwnerLock::Other lock(seat.lock);
    seat.queue.move_to(shared_, seat.queue.length());
    shared_length_.store(shared_.length(), std::memory_order_seq_cst);
  }
  wake_one();
}

Process* SchedulerThreads::next(Seat& seat) {
  if (++seat.picks % look_at_shared_every == 0) {
    if (Process* const process = take_shared(seat)) {
      return process;
    }
  }
  {
    const OwnerLock::Owner lock(seat.lock);
    if (Process* const process = seat.queue.pop()) {
      return process;
    }
  }
  return take_shared(seat);
}

// --- A thread's life ---

void SchedulerThreads::run(Seat& seat) {
  this_thread = {this, &seat};
  seat.callback.store(&current(), std::memory_order_release);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const std::uint64_t turn = seat.turns.load(std::memory_order_relaxed) + 1;
    seat.turns.store(turn, std::memory_order_relaxed);
    light_barrier();  // Whoever ends a runtime sees this turn, or this turn sees that the runtime ends.
    bool was_slow = false;
    Process* const process = next(seat);
    if (process != nullptr) {
      const TimerOwner& owner = *process->runtime;
      seat.running_of.store(&owner, std::memory_order_relaxed);
      seat.running.store(process, std::memory_order_release);
      if (run_turn(*process, options_.turn_messages_max, was_slow)) {
        if (seat.replaced.load(std::memory_order_relaxed)) [[unlikely]] {
          push_shared(*process);
        } else {
          push_own(seat, *process);
        }
      }
    }
    seat.running.store(nullptr, std::memory_order_relaxed);
    seat.turns.store(turn + 1, std::memory_order_release);
    after_turn(seat, was_slow);
    // Timers that fired just now may have queued something.
    if (process == nullptr && seat.queue.length() == 0) {
      sleep(seat);
    }
  }
}

void SchedulerThreads::after_turn(Seat& seat, bool was_slow) {
  if (seat.attention.load(std::memory_order_relaxed)) [[unlikely]] {
    attend(seat);
  }
  if (seat.next_due.load(std::memory_order_relaxed) != Instant::max() && seat.picks % look_at_clock_every == 0 &&
      clock_.now() >= seat.next_due.load(std::memory_order_relaxed)) {
    fire_timers(seat);
  }
  if (idle_.load(std::memory_order_relaxed) != 0 && seat.queue.length() >= 2 &&
      (was_slow || seat.picks % look_at_waits_every == 0) && waits_are_long(seat)) {
    share_half(seat);
  }
}

/// Of a queue that is served in order: who was in it at the last mark is still in it.
bool SchedulerThreads::waits_are_long(Seat& seat) const {
  const Instant now = clock_.now();
  const std::uint64_t taken = seat.pushed - seat.queue.length();
  if (taken < seat.mark && now - seat.marked_at < wait_until_shared) {
    return false;
  }
  const bool long_waits = taken < seat.mark;
  seat.mark = seat.pushed;
  seat.marked_at = now;
  return long_waits;
}

void SchedulerThreads::attend(Seat& seat) {
  seat.attention.store(false, std::memory_order_seq_cst);
  if (seat.replaced.load(std::memory_order_acquire)) {
    rest_as_spare(seat);
    return;
  }
  if (seat.timers_due.exchange(false, std::memory_order_acq_rel)) {
    fire_timers(seat);
  }
  if (seat.share_now.exchange(false, std::memory_order_acq_rel) && seat.queue.length() != 0) {
    share_half(seat);
  }
}

void SchedulerThreads::fire_timers(Seat& seat) {
  seat.next_due.store(owners_.fire(seat.index, clock_.now()), std::memory_order_relaxed);
}

}  // namespace troupe
