// Where the exception came from that ended a process. By the time it is caught its stack is gone, so every throw inside
// a callback of a process takes its stack along: a few microseconds beside the one or two that a throw costs anyway.
// `troupe::exit` is no failure and pays nothing.
#pragma once

#include "worker/process/process.hpp"
#include "worker/process/stack_trace.hpp"

namespace troupe {

/// The stack of the last throw of this thread while `process` was handling what it handles now; null when there was
/// none.
const StackTrace* last_throw_of(const Process& process);

}  // namespace troupe
