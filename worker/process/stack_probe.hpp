// The stack of another thread of this program, while it runs. One question at a time in the whole program.
#pragma once

#include <pthread.h>

#include <optional>

#include "worker/process/stack_trace.hpp"

namespace troupe {

/// Interrupts `thread`, which must not end before the answer or `forget_stack`, by SIGURG, a signal that is ignored by
/// default; its handler takes the stack into memory that is there already. System calls that can go on are restarted;
/// sleeps and polls may see EINTR. False while another question is open, and always when the program has a handler of
/// its own for SIGURG. Thread-safe, as are the others.
[[nodiscard]] bool ask_for_stack(pthread_t thread);

/// The answer to the caller's question, which is closed by it; nothing while there is none yet: a thread answers when
/// it is given a core.
std::optional<StackTrace> stack_answer();

/// Closes the caller's question.
void forget_stack();

}  // namespace troupe
