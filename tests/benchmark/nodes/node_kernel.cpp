#include "tests/benchmark/nodes/node_kernel.hpp"

#include <algorithm>
#include <array>

namespace troupe::benchmark {
namespace {

using Kind = NodeKernel::Kind;

constexpr std::uint64_t small_bytes = 16;
constexpr std::uint64_t large_bytes = 64 * 1024;

constexpr std::array kernels{
    NodeKernel{"messages_16B_1", Kind::messages, 1, small_bytes, 2'000'000},
    NodeKernel{"messages_16B_64", Kind::messages, 64, small_bytes, 2'000'000},
    NodeKernel{"messages_64KiB_1", Kind::messages, 1, large_bytes, 16'000},
    NodeKernel{"messages_64KiB_64", Kind::messages, 64, large_bytes, 16'000},
    NodeKernel{"calls_1", Kind::calls, 1, 0, 30'000},
    NodeKernel{"calls_64", Kind::calls, 64, 0, 200'000},
};

}  // namespace

std::span<const NodeKernel> node_kernels() { return kernels; }

const NodeKernel* find_node_kernel(std::string_view name) {
  const auto* const found =
      std::find_if(kernels.begin(), kernels.end(), [name](const NodeKernel& kernel) { return kernel.name == name; });
  return found == kernels.end() ? nullptr : found;
}

}  // namespace troupe::benchmark
