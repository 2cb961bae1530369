// The processes of the node kernels.
#pragma once

#include <functional>

#include "tests/benchmark/nodes/node_kernel.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::benchmark {

/// On the far node: registers `host`, which makes a receiver or a server for whoever asks.
void start_host(Runtime& runtime);

/// On the near node: runs `kernel` against the `host` of `far_node`. `finish` hears on any thread how many operations
/// were done.
void start_node_kernel(Runtime& runtime, const NodeKernel& kernel, std::uint64_t size, const std::string& far_node,
                       std::function<void(std::uint64_t)> finish);

}  // namespace troupe::benchmark
