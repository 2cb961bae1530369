// All processes of one module taken over into another, in batches: what an application does when its version changes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// At most so many processes wait for the conversion of their state at a time.
inline constexpr std::size_t upgrade_batch_size = 256;
/// A process that has not come to a message boundary, or not been answered what it waits for, after this long.
inline constexpr Duration upgrade_wait_max = std::chrono::seconds(10);

struct ProcessesUpgrade {
  std::size_t upgraded = 0;
  struct Failure {
    Pid pid;
    std::string process_class;
    std::string why;
  };
  std::vector<Failure> failures;  ///< The first of them, at most 8, when `dry_run`; else all.
};

/// Has each living process of module `from` carry on in the class of the same name of `to`, `first` in their order
/// before all others; or only tries whether it could. Those that are spawned meanwhile are taken over as well. Blocks.
/// Not inside a process.
ProcessesUpgrade upgrade_processes(Runtime& runtime, const ModuleImage& from, const ModuleImage& to,
                                   const std::string& from_version, const std::vector<Pid>& first, bool dry_run);

}  // namespace troupe::node
