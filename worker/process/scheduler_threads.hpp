// The threads of a scheduler and what they run: each takes from its own queue; what is too much for one, and what comes
// from outside, goes through one queue that all share.
//
// A thread's own queue costs no atomic operation. Nobody steals from it behind its back: a thread without work says
// that it is idle, and those who have too much give half of it away, at the end of a turn. For the time in between
// there is the monitor (scheduler_monitor.hpp), which takes queues away from threads that do not come to the end of a
// turn.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "worker/process/seat.hpp"
#include "worker/process/threaded_scheduler.hpp"
#include "worker/process/timer_owners.hpp"

namespace troupe {

class SchedulerThreads {
 public:
  /// Threads that take over from stuck ones included.
  static constexpr unsigned seats_max = 64;

  SchedulerThreads(const Clock& clock, const ThreadedSchedulerOptions& options, TimerOwners& owners);
  SchedulerThreads(const SchedulerThreads&) = delete;
  SchedulerThreads& operator=(const SchedulerThreads&) = delete;
  void start();
  void stop();

  /// Any thread.
  void schedule(Process& process);
  /// See Scheduler::turns.
  [[nodiscard]] std::vector<std::uint64_t> turns() const;
  /// Takes the processes of a runtime, which refuses turns by now, out of all queues, and waits for turns in progress.
  void forget(const Runtime& runtime);
  /// The seat of the calling thread, when it is one of these threads.
  [[nodiscard]] Seat* seat_here() const;
  /// From inside a turn: another thread takes this one's seat at once.
  void hand_over();

  // --- For the monitor ---

  [[nodiscard]] unsigned seats() const { return seats_started_.load(std::memory_order_acquire); }
  [[nodiscard]] Seat& seat(unsigned index) { return seats_[index]; }
  [[nodiscard]] bool someone_idle() const { return idle_.load(std::memory_order_seq_cst) != 0; }
  [[nodiscard]] bool all_idle() const;
  [[nodiscard]] std::size_t shared_length() const { return shared_length_.load(std::memory_order_seq_cst); }
  /// All that waits behind the owner of `seat` goes to the others.
  void take_queue_from(Seat& seat);
  /// A spare thread works from now on instead of that of `seat`. False when there is none left, or it was replaced.
  bool replace(Seat& seat);
  void wake_one();
  /// Called by a thread that leaves a sleep.
  void on_wake(std::function<void()> hook) { wake_hook_ = std::move(hook); }

 private:
  void run(Seat& seat);
  inline Process* next(Seat& seat);
  inline void push_own(Seat& seat, Process& process);
  inline void after_turn(Seat& seat, bool was_slow);
  void attend(Seat& seat);
  [[nodiscard]] bool waits_are_long(Seat& seat) const;
  void share_half(Seat& seat);
  Process* take_shared(Seat& seat);
  void push_shared(Process& process);
  void fire_timers(Seat& seat);
  void sleep(Seat& seat);
  bool spin(const Seat& seat) const;
  void rest_as_spare(Seat& seat);
  bool start_another();
  void wait_for_turns();

  static constexpr std::uint32_t look_at_shared_every = 32;  ///< Picks from the own queue.
  static constexpr std::uint32_t look_at_clock_every = 8;    ///< Turns, while timers are set.
  static constexpr std::uint32_t look_at_waits_every = 8;    ///< Turns, while another thread is idle.
  /// Waking another thread takes about as long.
  static constexpr Duration wait_until_shared = std::chrono::microseconds(100);
  static constexpr std::uint32_t crowd = 512;  ///< So many are shared without delay.
  static constexpr std::size_t share_max = 256;

  const Clock& clock_;
  const ThreadedSchedulerOptions options_;
  TimerOwners& owners_;
  std::function<void()> wake_hook_;
  std::unique_ptr<Seat[]> seats_;
  std::atomic<unsigned> seats_started_{0};
  std::mutex seats_mutex_;  ///< Held to start, replace or reuse a thread.

  alignas(64) std::atomic<std::uint64_t> idle_{0};  ///< A bit for each thread that sleeps or is about to.
  std::atomic<bool> stopping_{false};
  mutable std::atomic<bool> someone_spins_{false};

  alignas(64) std::mutex shared_mutex_;  ///< Taken before a seat's lock; whatever moves between queues needs it.
  RunQueue shared_;
  std::atomic<std::size_t> shared_length_{0};
};

}  // namespace troupe
