// A kernel in CAF 0.17.6: event-based actors that spawn, send and request from inside actors.
#pragma once

#include <cstdint>
#include <functional>

#include <caf/all.hpp>

namespace bench {

/// Told once what a kernel has counted; the clock stops here.
using Finish = std::function<void(std::uint64_t result)>;

struct Kernel {
  const char* name;
  std::uint64_t (*expected)(std::uint64_t size);
  /// Starts the first actor, which does the rest. The caller holds it: CAF ends actors that nobody can reach.
  caf::actor (*start)(caf::actor_system& system, std::uint64_t size, Finish finish);
};

inline std::uint64_t every_operation(std::uint64_t size) { return size; }
template <std::uint64_t actors>
std::uint64_t in_equal_shares(std::uint64_t size) {
  return size / actors * actors;
}

using Done = caf::atom_constant<caf::atom("done")>;
using Stop = caf::atom_constant<caf::atom("stop")>;

extern const Kernel spawn_exit, spawn_monitor_down, ping_pong, thread_ring, counting, eight_to_one, fork_join, skynet,
    call, chameneos, big, concurrent_dictionary, banking, timers_1m;

}  // namespace bench
