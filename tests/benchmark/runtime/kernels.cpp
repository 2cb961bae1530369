#include <algorithm>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {

std::span<const Kernel> kernels() {
  static const Kernel all[] = {spawn_exit,
                               spawn_monitor_down,
                               ping_pong,
                               coroutine_ping_pong,
                               thread_ring,
                               counting,
                               eight_to_one,
                               fork_join,
                               skynet,
                               call,
                               chameneos,
                               big,
                               concurrent_dictionary,
                               banking,
                               timers_1m};
  return all;
}

const Kernel* find_kernel(std::string_view name) {
  const auto all = kernels();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Kernel& kernel) { return kernel.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace troupe::benchmark
