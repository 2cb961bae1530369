#include "tests/benchmark/soak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "platform/event_loop.hpp"
#include "platform/memory_use.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::chrono::seconds settle_time_max{10};
/// Until each thread has once had as much to do as it ever has, its tables and free lists grow.
constexpr int warm_up_share = 5;

/// The last processes of a kernel end after its result is known.
Result<void> settle(Runtime& runtime) {
  const auto deadline = std::chrono::steady_clock::now() + settle_time_max;
  while (runtime.counters().processes != 0 || runtime.timers() != 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorCode::internal, fmt::format("{} processes and {} timers are left over after a lap",
                                                    runtime.counters().processes, runtime.timers())};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

}  // namespace

Result<void> soak(std::chrono::seconds length, const std::function<void(const std::string&)>& say) {
  KernelRuntime kernel_runtime;
  std::uint64_t reference_bytes = 0;
  std::uint64_t operations = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int lap = 1;; ++lap) {
    for (const Kernel& kernel : kernels()) {
      if (auto seconds = kernel_runtime.run(kernel, kernel.size); !seconds) {
        return seconds.error();
      }
      if (auto settled = settle(kernel_runtime.runtime()); !settled) {
        return settled.error().in(kernel.name);
      }
      operations += kernel.size;
    }
    const auto passed = std::chrono::steady_clock::now() - began;
    const std::uint64_t bytes = platform::resident_bytes();
    say(fmt::format("lap {:3}  {:6.1f} s  {:8.1f} M operations  {:6} MiB resident", lap,
                    std::chrono::duration<double>(passed).count(), static_cast<double>(operations) / 1e6,
                    bytes / mebibyte));
    if (lap <= 2 || passed < length / warm_up_share) {
      reference_bytes = std::max(reference_bytes, bytes);
    } else if (bytes > reference_bytes + reference_bytes / 10 + 16 * mebibyte) {
      return Error{ErrorCode::internal, fmt::format("{} MiB after lap {}, at most {} MiB while warming up",
                                                    bytes / mebibyte, lap, reference_bytes / mebibyte)};
    } else if (passed >= length) {
      return {};
    }
  }
}

}  // namespace troupe::benchmark
