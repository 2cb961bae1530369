// OTP's {continue, _}: a message of a process to itself that overtakes all others.
#include <utility>

#include "worker/process/runtime.hpp"

namespace troupe {

bool Runtime::continue_with(Process& process, EnvelopePtr message) {
  if (process.queue_length >= mailbox_messages_max_max) {
    return false;
  }
  message->bytes = 0;  // It never was in the mailbox, so nothing may be subtracted when it is taken.
  Envelope* const first = message.release();
  first->next = process.queue_first;
  process.queue_first = first;
  if (first->next == nullptr) {
    process.queue_last = first;
  }
  process.mailbox.set_queued(++process.queue_length);
  return true;
}

}  // namespace troupe
