// Which threads work: how they start and stop, sleep and wake, take over from one that is stuck, and let a runtime go.
#include <algorithm>

#include "worker/process/block_pool.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/scheduler_threads.hpp"

namespace troupe {

// --- Starting and stopping ---

void SchedulerThreads::start() {
  const std::lock_guard lock(seats_mutex_);
  for (unsigned count = std::clamp(options_.threads, 1u, seats_max); count != 0; --count) {
    start_another();
  }
}

void SchedulerThreads::stop() {
  {
    const std::lock_guard lock(seats_mutex_);  // Nobody is started from now on.
    stopping_.store(true, std::memory_order_seq_cst);
  }
  for (unsigned index = 0; index < seats(); ++index) {
    seats_[index].parking.wake();
  }
  for (unsigned index = 0; index < seats(); ++index) {
    seats_[index].thread.join();
  }
}

/// Under seats_mutex_.
bool SchedulerThreads::start_another() {
  if (stopping_.load(std::memory_order_relaxed)) {
    return false;
  }
  for (unsigned index = 0; index < seats(); ++index) {
    Seat& spare = seats_[index];
    if (!spare.working.load(std::memory_order_acquire) && !spare.replaced.load(std::memory_order_acquire)) {
      spare.working.store(true, std::memory_order_release);
      spare.parking.wake();
      return true;
    }
  }
  const unsigned index = seats();
  if (index == seats_max) {
    return false;
  }
  Seat& seat = seats_[index];
  seat.working.store(true, std::memory_order_relaxed);
  seat.thread = std::thread([this, &seat] { run(seat); });
  seats_started_.store(index + 1, std::memory_order_release);
  return true;
}

// --- Sleeping and waking ---

bool SchedulerThreads::all_idle() const {
  const std::uint64_t idle = idle_.load(std::memory_order_seq_cst);
  for (unsigned index = 0; index < seats(); ++index) {
    const Seat& seat = seats_[index];
    const bool spare = !seat.working.load(std::memory_order_acquire) && !seat.replaced.load(std::memory_order_acquire);
    if (!spare && (idle & (1ull << index)) == 0) {
      return false;
    }
  }
  return true;
}

/// Whether something to do turned up within the time for which a thread may spin; at most one does at a time.
bool SchedulerThreads::spin(const Seat& seat) const {
  if (options_.spin_max == Duration::zero() || someone_spins_.exchange(true, std::memory_order_relaxed)) {
    return false;
  }
  const Instant until = clock_.now() + options_.spin_max;
  bool found = false;
  do {
    for (int turn = 0; turn < 64 && !found; ++turn) {
      __builtin_ia32_pause();
      found = seat.parking.woken();
    }
  } while (!found && clock_.now() < until);
  someone_spins_.store(false, std::memory_order_relaxed);
  return found;
}

void SchedulerThreads::sleep(Seat& seat) {
  BlockPool::flush();
  const std::uint64_t bit = 1ull << seat.index;
  bool slept = false;
  seat.parking.prepare();
  idle_.fetch_or(bit, std::memory_order_seq_cst);
  if (shared_length() == 0 && !stopping_.load(std::memory_order_seq_cst) &&
      !seat.attention.load(std::memory_order_seq_cst) && !spin(seat)) {
    const Instant due = seat.next_due.load(std::memory_order_relaxed);
    seat.parking.sleep(due == Instant::max() ? Duration::max() : due - clock_.now());
    slept = true;
  }
  idle_.fetch_and(~bit, std::memory_order_seq_cst);
  if (slept) {
    wake_hook_();
  }
  if (seat.next_due.load(std::memory_order_relaxed) <= clock_.now()) {
    fire_timers(seat);
  }
}

void SchedulerThreads::wake_one() {
  std::uint64_t idle = idle_.load(std::memory_order_seq_cst);
  while (idle != 0) {
    const auto index = static_cast<unsigned>(__builtin_ctzll(idle));
    if (idle_.compare_exchange_weak(idle, idle & ~(1ull << index), std::memory_order_seq_cst)) {
      seats_[index].parking.wake();
      return;
    }
  }
}

// --- Taking over from stuck threads ---

bool SchedulerThreads::replace(Seat& seat) {
  {
    const std::lock_guard lock(seats_mutex_);
    if (seat.replaced.load(std::memory_order_relaxed) || !start_another()) {
      return false;
    }
    seat.replaced.store(true, std::memory_order_seq_cst);
    seat.working.store(false, std::memory_order_release);
    seat.attention.store(true, std::memory_order_seq_cst);
  }
  take_queue_from(seat);
  return true;
}

void SchedulerThreads::hand_over() {
  Seat* const seat = seat_here();
  if (seat != nullptr && !seat->replaced.load(std::memory_order_relaxed)) {
    replace(*seat);
  }
}

/// After the turn that was too long: this thread waits until it has to take over from another.
void SchedulerThreads::rest_as_spare(Seat& seat) {
  take_queue_from(seat);
  BlockPool::flush();
  seat.parking.prepare();
  seat.abandoned.store(false, std::memory_order_relaxed);
  seat.replaced.store(false, std::memory_order_release);
  while (!seat.working.load(std::memory_order_acquire) && !stopping_.load(std::memory_order_seq_cst)) {
    seat.parking.sleep(Duration::max());
    seat.parking.prepare();
  }
}

// --- The end of a runtime ---

std::vector<std::uint64_t> SchedulerThreads::turns() const {
  heavy_barrier();
  std::vector<std::uint64_t> all;
  all.reserve(seats());
  for (unsigned index = 0; index < seats(); ++index) {
    all.push_back(seats_[index].turns.load(std::memory_order_acquire));
  }
  return all;
}

void SchedulerThreads::wait_for_turns() {
  const std::vector<std::uint64_t> seen = turns();
  for (unsigned index = 0; index < seen.size(); ++index) {
    while (seen[index] % 2 != 0 && seats_[index].turns.load(std::memory_order_acquire) == seen[index]) {
      std::this_thread::yield();
    }
  }
}

void SchedulerThreads::forget(const Runtime& runtime) {
  // Turns in progress end first, as they may queue processes again; then the queues are cleared; then whoever had taken
  // a process out of them just before has put it down.
  wait_for_turns();
  const auto remove = [&](RunQueue& queue) {
    RunQueue kept;
    while (Process* const process = queue.pop()) {
      if (process->runtime != &runtime) {
        kept.push(*process);
      }
    }
    kept.move_to(queue, kept.length());
  };
  {
    const std::lock_guard shared_lock(shared_mutex_);  // Nothing moves between queues without it.
    for (unsigned index = 0; index < seats(); ++index) {
      const OwnerLock::Other lock(seats_[index].lock);
      remove(seats_[index].queue);
    }
    remove(shared_);
    shared_length_.store(shared_.length(), std::memory_order_seq_cst);
  }
  wait_for_turns();
}

}  // namespace troupe
