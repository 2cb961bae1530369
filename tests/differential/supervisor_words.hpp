// The words of supervisor programs as those of troupe/supervisor.hpp.
#pragma once

#include <span>

#include "troupe/child_spec.hpp"

namespace troupe::differential {

/// Any other word than those of OTP ends the test.
Strategy strategy_of(const Term& word);
AutoShutdown auto_shutdown_of(const Term& word);
/// In a window that is longer than any program runs.
RestartIntensity intensity_of(const Term& restarts_max);
/// Of a Child; it cannot be started yet.
ChildSpec child_of(std::span<const Term> parts);

}  // namespace troupe::differential
