// The stack of another thread of this program, while it runs.
#pragma once

#include <pthread.h>

#include <optional>

#include "base/clock.hpp"
#include "worker/process/stack_trace.hpp"

namespace troupe {

/// Interrupts `thread`, which must not end meanwhile, by SIGURG, a signal that is ignored by default; its handler takes
/// the stack into memory that is there already. System calls that can go on are restarted; sleeps and polls may see
/// EINTR. Nothing when the thread does not answer within `limit`, or when the program has a handler of its own for
/// SIGURG. Thread-safe.
std::optional<StackTrace> stack_of(pthread_t thread, Duration limit);

}  // namespace troupe
