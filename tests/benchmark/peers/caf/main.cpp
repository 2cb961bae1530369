// troupe-bench-caf THREADS KERNEL SIZE: one measured round, after an unmeasured one of a tenth of the size. Prints
// seconds. troupe-bench-caf THREADS version: prints CAF's version.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <string>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace {

const bench::Kernel* const kernels[] = {
    &bench::spawn_exit, &bench::spawn_monitor_down, &bench::ping_pong, &bench::thread_ring,
    &bench::counting,   &bench::eight_to_one,       &bench::fork_join, &bench::skynet,
    &bench::call,       &bench::chameneos,          &bench::big,       &bench::concurrent_dictionary,
    &bench::banking,    &bench::timers_1m};

double run_once(caf::actor_system& system, const bench::Kernel& kernel, std::uint64_t size) {
  const auto result = std::make_shared<std::promise<std::uint64_t>>();
  const auto began = std::chrono::steady_clock::now();
  const caf::actor first = kernel.start(system, size, [result](std::uint64_t count) { result->set_value(count); });
  const std::uint64_t count = result->get_future().get();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (count != kernel.expected(size)) {
    std::fprintf(stderr, "%s of size %llu: counted %llu instead of %llu\n", kernel.name,
                 static_cast<unsigned long long>(size), static_cast<unsigned long long>(count),
                 static_cast<unsigned long long>(kernel.expected(size)));
    std::exit(1);
  }
  return seconds;
}

int run(const bench::Kernel& kernel, std::size_t threads, std::uint64_t size) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", threads);
  caf::actor_system system{config};
  run_once(system, kernel, size / 10);
  std::printf("%.9f\n", run_once(system, kernel, size));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[2], "version") == 0) {
    std::printf("%d.%d.%d\n", CAF_VERSION / 10000, CAF_VERSION / 100 % 100, CAF_VERSION % 100);
    return 0;
  }
  for (const bench::Kernel* const kernel : kernels) {
    if (argc == 4 && std::strcmp(kernel->name, argv[2]) == 0) {
      return run(*kernel, std::stoul(argv[1]), std::stoull(argv[3]));
    }
  }
  std::fprintf(stderr, "usage: %s THREADS (version | KERNEL SIZE)\n", argv[0]);
  return 2;
}
