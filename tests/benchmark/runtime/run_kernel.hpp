// Runs a kernel on a runtime with the settings that a worker has by default.
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "platform/event_loop.hpp"
#include "tests/benchmark/runtime/kernel.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::benchmark {

/// How long one round of any language may take before it counts as stuck.
inline constexpr std::chrono::seconds round_time_max{120};

/// A runtime as a worker has it.
class KernelRuntime {
 public:
  KernelRuntime() : scheduler_(platform::real_clock(), options()), runtime_(scheduler_) {}
  /// Seconds from the start of the first process to its result. Errors: as run_kernel.
  Result<double> run(const Kernel& kernel, std::uint64_t size);
  [[nodiscard]] Runtime& runtime() { return runtime_; }

 private:
  static ThreadedSchedulerOptions options();

  ThreadedScheduler scheduler_;
  Runtime runtime_;
};

/// Seconds from the start of the first process to its result, after an unmeasured round of a tenth of `size`.
/// Errors: `invalid_argument` below `size_min`; `timeout`; `internal` when the kernel counted wrongly.
Result<double> run_kernel(const Kernel& kernel, std::uint64_t size);

/// One per CPU that the cgroup allows, as in a worker.
[[nodiscard]] unsigned scheduler_threads();
/// Turn budget, mailbox bounds and threads in words.
[[nodiscard]] std::string settings_text();

}  // namespace troupe::benchmark
