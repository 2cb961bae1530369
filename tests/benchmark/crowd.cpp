#include "tests/benchmark/crowd.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "platform/memory_use.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double bytes_each_max = 859;
constexpr double idle_share_max = 0.01;
constexpr std::chrono::seconds idle_time{5};
constexpr std::chrono::minutes step_time_max{10};
constexpr double mebibyte = 1024 * 1024;

struct Wake {};
struct Stop {};

class Idler {
 public:
  using messages = troupe::messages<Wake, Stop>;
  void handle(Wake) { ++woken_; }
  void handle(Stop) { stop_normally(); }

 private:
  std::uint64_t woken_ = 0;
};

/// Seconds that `act` takes until `done` holds.
template <class Act, class Done>
Result<double> timed(Act act, Done done) {
  const auto began = std::chrono::steady_clock::now();
  act();
  while (!done()) {
    if (std::chrono::steady_clock::now() - began > step_time_max) {
      return Error{ErrorCode::timeout, fmt::format("not done after {} minutes", step_time_max.count())};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return Seconds(std::chrono::steady_clock::now() - began).count();
}

double idle_share() {
  const std::clock_t used = std::clock();
  std::this_thread::sleep_for(idle_time);
  return static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC / Seconds(idle_time).count();
}

Error broken(const std::string& what) { return {ErrorCode::internal, what}; }

}  // namespace

Result<void> crowd(std::uint32_t processes, const std::function<void(const std::string&)>& say) {
  KernelRuntime kernel_runtime;
  Runtime& runtime = kernel_runtime.runtime();
  const RuntimeScope scope(runtime);
  const double before = static_cast<double>(platform::resident_bytes());
  const auto spawned = timed(
      [&] {
        for (std::uint32_t i = 0; i < processes; ++i) {
          troupe::spawn<Idler>();
        }
      },
      [&] { return runtime.counters().processes == processes; });
  if (!spawned) {
    return spawned.error().in("spawning");
  }
  const double held = static_cast<double>(platform::resident_bytes()) - before;
  say(fmt::format("{} processes spawned in {:.2f} s; {:.0f} MiB resident, {:.0f} bytes each", processes, *spawned,
                  held / mebibyte, held / processes));
  if (held > bytes_each_max * processes) {
    return broken(fmt::format("{:.0f} bytes each, more than {:.0f}", held / processes, bytes_each_max));
  }
  const double share = idle_share();
  say(fmt::format("idle for {} s: {:.2f}% of a core", idle_time.count(), share * 100));
  if (share > idle_share_max) {
    return broken(fmt::format("{:.2f}% of a core while idle, more than {:.0f}%", share * 100, idle_share_max * 100));
  }
  const std::vector<Pid> everybody = runtime.processes(processes);
  const auto woken = timed(
      [&] {
        for (std::size_t i = 0; i < everybody.size(); i += 10) {
          troupe::send(everybody[i], Wake{});
        }
      },
      [&] { return runtime.counters().messages_handled == (everybody.size() + 9) / 10; });
  if (!woken) {
    return woken.error().in("waking");
  }
  say(fmt::format("every tenth woken in {:.2f} s", *woken));
  const auto ended = timed(
      [&] {
        for (const Pid& pid : everybody) {
          troupe::send(pid, Stop{});
        }
      },
      [&] { return runtime.counters().processes == 0; });
  if (!ended) {
    return ended.error().in("ending");
  }
  const double pids = static_cast<double>(everybody.capacity() * sizeof(Pid));
  const double left = static_cast<double>(platform::resident_bytes()) - before - pids;
  say(fmt::format("all ended in {:.2f} s; {:.0f} MiB resident", *ended, left / mebibyte));
  if (left > held / 10 + 64 * mebibyte) {
    return broken(fmt::format("{:.0f} MiB are still held", left / mebibyte));
  }
  return {};
}

}  // namespace troupe::benchmark
