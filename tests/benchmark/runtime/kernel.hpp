// A kernel of `troupe-bench runtime`: a small program of processes, written with the public headers as a user would.
// The same kernel stands in peers/erlang and peers/caf under the same name, doing the same work.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "troupe/process.hpp"

namespace troupe::benchmark {

/// Told once, on any thread, what a kernel has counted; the clock stops here.
using Finish = std::function<void(std::uint64_t result)>;

struct Kernel {
  std::string_view name;
  std::uint64_t size;  ///< Operations of a measured round, so that it takes a good part of a second.
  /// What `size` operations must have counted to be right.
  std::uint64_t (*expected)(std::uint64_t size);
  /// Starts the first process, which does the rest. Inside the scope of a runtime.
  void (*start)(std::uint64_t size, Finish finish);
  std::string_view peers_name{};  ///< The kernel of the peers that does the same, when that has another name.

  [[nodiscard]] std::string_view name_at_peers() const { return peers_name.empty() ? name : peers_name; }
};

/// In the order of the table.
[[nodiscard]] std::span<const Kernel> kernels();
/// Null when there is none of that name.
[[nodiscard]] const Kernel* find_kernel(std::string_view name);

/// `expected` of the kernels that count their operations one by one.
constexpr std::uint64_t every_operation(std::uint64_t size) { return size; }
/// Each of `processes` does the same whole number of operations.
template <std::uint64_t processes>
constexpr std::uint64_t in_equal_shares(std::uint64_t size) {
  return size / processes * processes;
}

/// From here on every process of every kernel has something to do, in the unmeasured tenth of a round too.
inline constexpr std::uint64_t size_min = 12'000;

/// What one handler sends before it gives others a turn: well below the mailbox's soft bound, where senders pause.
inline constexpr std::uint64_t burst_messages = 1'000;

/// Ends this process as a gen_server that answers {stop, normal, State}.
inline void stop_normally() { troupe::stop(); }

extern const Kernel spawn_exit, spawn_monitor_down, ping_pong, coroutine_ping_pong, thread_ring, counting, eight_to_one,
    fork_join, skynet, call, chameneos, big, concurrent_dictionary, banking, timers_1m;

}  // namespace troupe::benchmark
