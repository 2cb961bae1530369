// Crash reports: one log line for a process that ended with an error, with all that helps to find out why.
#pragma once

#include <string>

#include "worker/process/process.hpp"

namespace troupe {

/// A term as text, cut at a bound fit for a log line.
std::string text_for_log(const Term& term);
std::string text_for_log(const Pid& pid);

/// One line at level error: who (pid, name, label, class, parent), `reason`, the last message, the state as save()
/// gives it, and where it threw. Terms and the stack are cut at 2 and 4 KiB. `last_message` may be null; its value may
/// have been moved from: then only its tag is told. `threw`: its code threw, where it might have called exit.
void report_crash(Process& process, const Term& reason, const Envelope* last_message, bool threw);

}  // namespace troupe
