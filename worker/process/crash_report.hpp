// Crash reports: one log line for a process that ended with an error, with all that helps to find out why.
#pragma once

#include <string>

#include "worker/process/process.hpp"

namespace troupe {

/// A term as text, cut at a bound fit for a log line.
std::string text_for_log(const Term& term);
std::string text_for_log(const Pid& pid);

/// `last_message` may be null. Its value may have been moved from: then only its tag is told.
void report_crash(Process& process, const Term& reason, const Envelope* last_message);

}  // namespace troupe
