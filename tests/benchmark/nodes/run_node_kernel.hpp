// Runs a node kernel between this program and another of the same kind.
#pragma once

#include <string>

#include "base/result.hpp"
#include "tests/benchmark/nodes/node_kernel.hpp"

namespace troupe::benchmark {

/// What the two nodes of a kernel are started with.
struct NodeLink {
  std::string program;     ///< This program's path; the far node is started from it.
  std::string tls_folder;  ///< See BenchmarkNode::Settings.
};

/// The far node: prints its port and serves until its standard input ends. Returns the exit code.
int serve_far_node(const NodeLink& link);

/// The near node: starts the far one, then seconds from the first process to the last message or reply, after an
/// unmeasured round of a tenth of `size`. Errors: `timeout`; `internal` when an operation is missing; those of
/// BenchmarkNode::start and OsProcess::start.
Result<double> run_node_kernel(const NodeKernel& kernel, std::uint64_t size, const NodeLink& link);

}  // namespace troupe::benchmark
