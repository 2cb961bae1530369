#include "tests/benchmark/fairness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <vector>

#include "platform/cgroup.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr Milliseconds p99_max{20};
constexpr std::size_t calls_min = 1'000;
constexpr std::chrono::seconds length{2};
constexpr std::chrono::seconds call_timeout{60};
constexpr std::chrono::seconds time_max{120};

struct Go {};
struct Next {
  using Reply = std::uint64_t;
};

class Computing {
 public:
  using messages = troupe::messages<Go>;
  explicit Computing(const std::atomic<bool>& release) : release_(release) {}
  void handle(Go) {
    while (!release_.load(std::memory_order_relaxed)) {
    }
  }

 private:
  const std::atomic<bool>& release_;
};

class Sequence {
 public:
  using messages = troupe::messages<Next>;
  std::uint64_t handle(Next) { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

using Times = std::vector<std::chrono::nanoseconds>;

class Caller {
 public:
  using messages = troupe::messages<Response<Next>>;
  Caller(Pid sequence, std::promise<Times>& done) : sequence_(sequence), done_(done), began_(now()) { ask(); }
  void handle(const Response<Next>&) {
    took_.push_back(now() - asked_);
    if (took_.size() < calls_min || now() - began_ < length) {
      ask();
    } else {
      done_.set_value(std::move(took_));
      stop_normally();
    }
  }

 private:
  void ask() {
    asked_ = now();
    send_request(sequence_, Next{}, call_timeout);
  }

  Pid sequence_;
  std::promise<Times>& done_;
  std::chrono::nanoseconds began_;
  std::chrono::nanoseconds asked_{};
  Times took_;
};

}  // namespace

Result<void> fairness(const std::function<void(const std::string&)>& say) {
  std::atomic<bool> release{false};
  std::promise<Times> done;
  auto result = done.get_future();
  KernelRuntime kernel_runtime;
  const RuntimeScope scope(kernel_runtime.runtime());
  for (unsigned i = 0; i < scheduler_threads(); ++i) {
    troupe::send(troupe::spawn<Computing>(std::cref(release)), Go{});
  }
  troupe::spawn<Caller>(troupe::spawn<Sequence>(), std::ref(done));
  const bool served = result.wait_for(time_max) == std::future_status::ready;
  release = true;
  if (!served) {
    return Error{ErrorCode::timeout, "the calls did not come to an end"};
  }
  Times took = result.get();
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return Milliseconds(took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))]).count();
  };
  say(fmt::format("{} calls beside {} handlers that do not return: median {:.3f} ms, p99 {:.3f} ms, longest {:.3f} ms",
                  took.size(), scheduler_threads(), at(0.5), at(0.99), at(1)));
  const double cpus = platform::read_cgroup_limits().cpus;
  if (std::floor(cpus) != cpus) {
    say(fmt::format(
        "under a quota of {:.2f} CPUs the kernel throttles all of them, {:.0f} ms so far: no bound is asked of it",
        cpus, Milliseconds(platform::read_cpu_throttled_time()).count()));
    return {};
  }
  if (at(0.99) > p99_max.count()) {
    return Error{ErrorCode::internal, fmt::format("p99 is over {} ms", p99_max.count())};
  }
  return {};
}

}  // namespace troupe::benchmark
