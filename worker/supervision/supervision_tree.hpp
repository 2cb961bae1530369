// The supervision trees of a node as data, for those who look at it from outside.
#pragma once

#include "base/clock.hpp"
#include "troupe/term.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Levels and processes of all trees together; what lies beyond is left out, and its parent has `truncated => true`.
inline constexpr unsigned supervision_tree_depth_max = 32;
inline constexpr std::size_t supervision_tree_processes_max = 10'000;

/// [#{pid => Pid | restarting | undefined, id => Id, type => supervisor | worker, class => Class, name => Name,
///    children => [...]}], with one entry for each supervisor that has no supervisor itself.
/// Children stand in the order in which they start. `id` is missing at the roots; `class` where nothing runs; `name`
/// without one; `children` at workers. A supervisor that does not answer has `error => Why` in place of children.
///
/// Asks every supervisor, each at most for `timeout`: blocks; not to be called inside a process.
Term supervision_tree(Runtime& runtime, Duration timeout);

}  // namespace troupe
