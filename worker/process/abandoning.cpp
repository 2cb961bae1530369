// A process that is killed while its handler does not return: for everybody else it ends, as in Erlang; the handler's
// thread is given up until it comes back, and then only destroys the state.
#include <thread>

#include "base/log.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/user_code.hpp"

namespace troupe {

bool outlives_claim(const Process& process) {
  while (process.fate.load(std::memory_order_acquire) == Fate::claimed) {
    std::this_thread::yield();
  }
  return process.fate.load(std::memory_order_acquire) == Fate::alive;
}

bool Runtime::kill_waits(const Process& process) {
  const std::uint32_t serial = process.serial.load(std::memory_order_relaxed);
  return process.mailbox.any_arrived([&](const Envelope& envelope) {
    return envelope.kind == SignalKind::exit && envelope.to_serial == serial &&
           static_cast<const SignalEnvelope&>(envelope).payload.is_atom("kill");
  });
}

void Runtime::abandon(Process& process, const Current& handler) {
  log_error("a killed process has not come out of its handler: it has ended, and its thread is given up until it does",
            {{"pid", text_for_log(process.pid())},
             {"class", abi::from_abi(process.process_class->name)},
             {"name", name_of(process)},
             {"label", label_of(process)}});
  if (handler.request != 0) {
    auto signal = make_signal(SignalKind::monitor_down);
    signal->to = handler.caller;
    signal->reference = make_reference(handler.caller.id, handler.request);
    signal->payload = reasons::killed();
    send_signal(std::move(signal));
  }
  count_ended(reasons::killed());
  take_leave(process, reasons::killed());
}

void Runtime::bury(Process& process) {
  log_warning("a handler has returned whose process had been killed",
              {{"class", abi::from_abi(process.process_class->name)}});
  destroy_state(process);
  table_.give_back(parts_.here(), process);
}

}  // namespace troupe
