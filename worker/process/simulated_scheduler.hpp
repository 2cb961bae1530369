// The scheduler of simulations: one thread, virtual time, and every choice drawn from a seed. Also an EventLoop, so
// that a simulated network and the processes of a whole cluster share one order of events.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "worker/process/scheduler.hpp"

namespace troupe {

/// Time that passes only when the simulation says so.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return WallTime(start_of_wall_time + now_.time_since_epoch()); }
  void advance_to(Instant instant) { now_ = instant > now_ ? instant : now_; }

 private:
  static constexpr Duration start_of_wall_time = std::chrono::seconds(1'700'000'000);
  Instant now_{std::chrono::seconds(1)};
};

/// Not thread-safe: everything runs on the thread that steps it.
class SimulatedScheduler final : public Scheduler, public EventLoop {
 public:
  explicit SimulatedScheduler(std::uint64_t seed) : random_(seed) {}

  // --- Scheduler ---
  void schedule(Process& process) override { runnable_.push_back(&process); }
  [[nodiscard]] unsigned places() const override { return 1; }
  [[nodiscard]] unsigned place() const override { return 0; }
  void timer_set(Instant /*due*/) override {}
  void hand_over() override {}
  void attach(TimerOwner& owner) override { owners_.push_back(&owner); }
  void detach(TimerOwner& owner) override;
  /// Steps until `done` holds; a simulation in which nothing can happen any more before that is a broken one (check).
  void wait(const std::function<bool()>& done) override;
  void notify_waiters() override {}
  [[nodiscard]] std::vector<std::uint64_t> turns() const override { return {}; }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

  // --- EventLoop ---
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  TimerId run_after(Duration delay, std::function<void()> task) override;
  void cancel(TimerId timer) override;

  /// Runs one thing: a turn, a task, or, when neither waits, what is due next. False when nothing is left at all.
  bool step();
  /// Steps until nothing is left, or until virtual time would pass `deadline`.
  void run_until_idle(Duration deadline = std::chrono::hours(24));
  /// Steps through the next `span` of virtual time.
  void run_for(Duration span);
  /// Steps until `done` holds, which is asked after each, or until `deadline`. Returns whether it holds.
  bool run_until(const std::function<bool()>& done, Instant deadline);
  /// Steps while something is ready to run, without waiting for time to pass. False after `steps_max`.
  bool run_ready(std::uint64_t steps_max);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] SeededRandom& random() { return random_; }

 private:
  [[nodiscard]] bool idle() const { return runnable_.empty() && tasks_.empty(); }
  [[nodiscard]] std::optional<Instant> next_due() const;
  void fire_due();
  bool run_something();

  VirtualClock clock_;
  SeededRandom random_;
  std::vector<Process*> runnable_;
  std::deque<std::function<void()>> tasks_;
  std::vector<TimerOwner*> owners_;
  TimerId last_timer_ = 0;
  std::map<std::pair<Instant, TimerId>, std::function<void()>> delayed_;
  std::unordered_map<TimerId, Instant> delayed_by_id_;
  std::uint64_t steps_ = 0;
};

}  // namespace troupe
