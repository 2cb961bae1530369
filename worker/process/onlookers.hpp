// What others have asked of a process to look into it: OTP's sys:suspend, sys:log and the like. Made when first needed;
// the process's own thread alone.
#pragma once

#include <optional>

#include "worker/process/envelope.hpp"
#include "worker/process/message_trace.hpp"

namespace troupe {

struct Onlookers {
  /// While suspended: the last message of the queue that was looked at and left for later; null for none.
  Envelope* left = nullptr;
  std::optional<MessageTrace> trace;
};

/// {system, {Pid, Tag}, Request}, as sys sends it.
bool is_system_request(const Envelope& envelope);

}  // namespace troupe
