// The scheduler of real workers: a few threads, each with its own run queue, that steal from one another and sleep when
// there is nothing to do.
#pragma once

#include <memory>

#include "worker/process/scheduler.hpp"

namespace troupe {

struct ThreadedSchedulerOptions {
  /// 1 to 64. One per CPU of the cgroup limit is right.
  unsigned threads = 1;
  std::uint32_t turn_messages_max = 128;
};

struct SchedulerLoad {
  std::size_t run_queue = 0;  ///< Processes that are ready and wait for a thread.
  Duration busy{};            ///< CPU time of the scheduler's threads since their start.
};

class ThreadedScheduler final : public Scheduler {
 public:
  /// `clock` must outlive it. Threads start here and end in the destructor, which runtimes must not outlive.
  ThreadedScheduler(const Clock& clock, ThreadedSchedulerOptions options);
  ~ThreadedScheduler() override;

  void schedule(Process& process) override;
  void timer_set(Instant due) override;
  void attach(TimerOwner& owner) override;
  void detach(TimerOwner& owner) override;
  void wait(const std::function<bool()>& done) override;
  void notify_waiters() override;
  std::uint32_t turn_messages_max() override;
  /// Thread-safe; asks the kernel, so it costs those who look and not those who run.
  [[nodiscard]] SchedulerLoad load() const;
  [[nodiscard]] const Clock& clock() const override;

 private:
  class Workers;
  std::unique_ptr<Workers> workers_;
};

}  // namespace troupe
