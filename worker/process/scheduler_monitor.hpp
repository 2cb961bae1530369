// One thread that looks after the others: it sees when one is stuck in a handler, when processes wait while a thread is
// idle, and fires the timers of those that cannot. It rests while all of them sleep.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <thread>

#include "worker/process/parking.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/scheduler_threads.hpp"
#include "worker/process/seat_watch.hpp"

namespace troupe {

class SchedulerMonitor {
 public:
  SchedulerMonitor(const Clock& clock, const ThreadedSchedulerOptions& options, SchedulerThreads& threads,
                   TimerOwners& owners)
      : clock_(clock), options_(options), threads_(threads), owners_(owners) {}
  SchedulerMonitor(const SchedulerMonitor&) = delete;
  SchedulerMonitor& operator=(const SchedulerMonitor&) = delete;
  void start();
  void stop();

  // --- Any thread ---
  /// A timer was set by a thread that is none of the scheduler's.
  void timer_set(Instant due);
  /// A thread woke up: there is something to watch.
  void watch_again();
  [[nodiscard]] std::uint64_t hand_overs() const { return hand_overs_.load(std::memory_order_relaxed); }

 private:
  static constexpr Duration look_every = std::chrono::milliseconds(2);
  static constexpr int idle_looks_max = 5;
  /// A thread that runs answers within microseconds, one that waits for a core when it gets one.
  static constexpr Duration stack_wait_max = std::chrono::milliseconds(250);

  void run();
  /// Returns until when nothing has to be looked at.
  Instant look();
  Instant look_at(Seat& seat, SeatWatch& watch, Instant now, bool someone_idle);
  void hand_over(Seat& seat);
  void report_later(Seat& seat);
  /// Those whose stack has come, and those that have waited for it long enough.
  void report_stuck();
  /// Calls `use(process, turn)` with the process that the seat's thread runs, which may have ended by now; its runtime
  /// cannot go meanwhile.
  template <class Use>
  void with_process_of(Seat& seat, Use use) const;
  void look_for_kill(Seat& seat);

  /// Of a stuck handler, seen when its thread was replaced.
  struct StuckReport {
    Seat* seat = nullptr;
    std::uint64_t turn = 0;
    ProcessInfo process;
    bool asked = false;  ///< For the stack.
    Instant until{};     ///< Then it is told without.
  };

  /// What is known of a stuck handler's being killed.
  struct KillWatch {
    std::uint64_t turn = 0;
    Instant next_look{};
    Instant waits_since = Instant::max();
  };

  const Clock& clock_;
  const ThreadedSchedulerOptions options_;
  SchedulerThreads& threads_;
  TimerOwners& owners_;
  std::array<SeatWatch, SchedulerThreads::seats_max> watches_;
  std::array<KillWatch, SchedulerThreads::seats_max> kills_;
  std::deque<StuckReport> reports_;
  Instant last_look_{};
  Instant watched_{};  ///< Time as far as it counts against those that are watched.
  int idle_looks_ = 0;
  std::atomic<std::uint64_t> hand_overs_{0};
  std::atomic<bool> rests_{false};
  std::atomic<Instant> sleeps_until_{Instant::max()};
  std::atomic<bool> stopping_{false};
  Parking parking_;
  std::thread thread_;
};

}  // namespace troupe
