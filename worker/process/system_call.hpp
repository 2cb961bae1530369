// OTP's sys: system messages from threads that are no processes, such as an operator's command.
#pragma once

#include "base/result.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// Sends {system, From, `what`} and returns the reply, as sys:suspend/2 and its sisters do. Blocks; not to be called
/// inside a process. Errors: those of Runtime::call.
Result<Term> system_call(Runtime& runtime, const Destination& to, Term what, Duration timeout);

}  // namespace troupe
