// The scheduler of real workers: a few threads, each with its own run queue, that share work when one of them has none,
// sleep when there is nothing to do, and replace one another when a handler does not return. docs/runtime.md tells
// how.
#pragma once

#include <memory>
#include <optional>

#include "worker/process/scheduler.hpp"

namespace troupe {

struct ThreadedSchedulerOptions {
  /// 1 to 48. One per CPU of the cgroup limit is right.
  unsigned threads = 1;
  /// A turn ends after so many messages handled and sent, together.
  std::uint32_t turn_messages_max = 512;
  /// For so long a thread without work looks for some before it sleeps; one thread at a time. Zero under a tight CPU
  /// quota.
  Duration spin_max = std::chrono::microseconds(20);
  /// A turn that takes longer makes a spare thread take over what waits behind it.
  Duration stuck_after = std::chrono::milliseconds(8);
  /// A process that was killed ends without its handler when that has not returned after so long.
  Duration kill_after = std::chrono::seconds(1);
};

/// For a program that may use `cpus` of the machine's, with as many threads as that or as were asked for: at most 48.
[[nodiscard]] ThreadedSchedulerOptions scheduler_options(double cpus, std::optional<unsigned> threads);

struct SchedulerLoad {
  std::size_t run_queue = 0;       ///< Processes that are ready and wait for a thread.
  Duration busy{};                 ///< CPU time of the scheduler's threads since their start.
  unsigned threads_stuck = 0;      ///< In a handler that does not return, and replaced.
  unsigned threads_abandoned = 0;  ///< Of those, in a handler whose process was killed.
  std::uint64_t hand_overs = 0;    ///< Threads replaced since the start because they were stuck.
};

class ThreadedScheduler final : public Scheduler {
 public:
  /// `clock` must outlive it. Threads start here and end in the destructor, which runtimes must not outlive.
  ThreadedScheduler(const Clock& clock, ThreadedSchedulerOptions options);
  ~ThreadedScheduler() override;

  void schedule(Process& process) override;
  [[nodiscard]] unsigned places() const override;
  [[nodiscard]] unsigned place() const override;
  void timer_set(Instant due) override;
  void attach(TimerOwner& owner) override;
  void detach(TimerOwner& owner) override;
  void hand_over() override;
  void wait(const std::function<bool()>& done) override;
  void notify_waiters() override;
  [[nodiscard]] std::vector<std::uint64_t> turns() const override;
  /// Thread-safe; asks the kernel, so it costs those who look and not those who run.
  [[nodiscard]] SchedulerLoad load() const;
  [[nodiscard]] const Clock& clock() const override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace troupe
