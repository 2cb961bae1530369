// Exit reasons that have a meaning of their own in OTP.
#pragma once

#include "troupe/term.hpp"

namespace troupe::reasons {

const Term& normal();
const Term& shutdown();
const Term& kill();
const Term& killed();
const Term& noproc();
const Term& noconnection();
const Term& timeout();
const Term& full();
const Term& system_limit();

/// normal, shutdown and {shutdown, _}: what a transient child may end with, and what makes no crash report.
bool is_orderly(const Term& reason);

}  // namespace troupe::reasons
