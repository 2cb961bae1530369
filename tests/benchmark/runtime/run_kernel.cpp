#include "tests/benchmark/runtime/run_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <memory>

#include "platform/cgroup.hpp"

namespace troupe::benchmark {
ThreadedSchedulerOptions KernelRuntime::options() {
  ThreadedSchedulerOptions options;
  options.threads = scheduler_threads();
  return options;
}

Result<double> KernelRuntime::run(const Kernel& kernel, std::uint64_t size) {
  const auto result = std::make_shared<std::promise<std::uint64_t>>();
  auto counted = result->get_future();
  const RuntimeScope scope(runtime_);
  const auto began = std::chrono::steady_clock::now();
  kernel.start(size, [result](std::uint64_t count) { result->set_value(count); });
  if (counted.wait_for(round_time_max) != std::future_status::ready) {
    return Error{ErrorCode::timeout,
                 fmt::format("{} of size {}: no result within {} s", kernel.name, size, round_time_max.count())};
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (const std::uint64_t count = counted.get(); count != kernel.expected(size)) {
    return Error{ErrorCode::internal, fmt::format("{} of size {}: counted {} instead of {}", kernel.name, size, count,
                                                  kernel.expected(size))};
  }
  return seconds;
}

unsigned scheduler_threads() {
  return std::clamp(static_cast<unsigned>(std::ceil(platform::read_cgroup_limits().cpus)), 1U, 64U);
}

std::string settings_text() {
  const ThreadedSchedulerOptions scheduler;
  const RuntimeOptions runtime;
  return fmt::format(
      "turn at most {} messages and {} us; mailbox at most {} messages and {} MiB, senders pause past {}; {} scheduler "
      "threads",
      scheduler.turn_messages_max, std::chrono::duration_cast<std::chrono::microseconds>(runtime.turn_time_max).count(),
      runtime.mailbox.messages_max, runtime.mailbox.bytes_max / (1024 * 1024), mailbox_soft_messages_max,
      scheduler_threads());
}

Result<double> run_kernel(const Kernel& kernel, std::uint64_t size) {
  if (size < size_min) {
    return Error{ErrorCode::invalid_argument, fmt::format("size {}: a kernel needs at least {}", size, size_min)};
  }
  KernelRuntime runtime;
  if (auto warm = runtime.run(kernel, size / 10); !warm) {
    return warm;
  }
  return runtime.run(kernel, size);
}

}  // namespace troupe::benchmark
