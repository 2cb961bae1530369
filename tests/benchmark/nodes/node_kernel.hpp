// A kernel of `troupe-bench nodes`: messages or calls between two nodes. Written with the public headers as a user
// would; the same stand in peers/erlang/node_bench.erl.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::benchmark {

struct NodeKernel {
  enum class Kind {
    messages,  ///< Each sender floods its own receiver on the other node; an operation is a message received.
    calls,     ///< Each caller calls its own server on the other node, one call at a time; an operation is a call.
  };
  std::string_view name;
  Kind kind;
  std::uint64_t pairs;          ///< Of processes, one on each node.
  std::uint64_t payload_bytes;  ///< Of the binary in a message.
  std::uint64_t size;           ///< Operations of a measured round, so that it takes a good part of a second.
};

/// In the order of the table.
[[nodiscard]] std::span<const NodeKernel> node_kernels();
/// Null when there is none of that name.
[[nodiscard]] const NodeKernel* find_node_kernel(std::string_view name);

}  // namespace troupe::benchmark
