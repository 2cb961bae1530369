// Random programs: the same one from the same seed, for ever and on every machine.
#pragma once

#include "tests/differential/program.hpp"

namespace troupe::differential {

/// Two to six processes, up to 40 ordered steps and, for every other seed, up to 30 free ones. Free steps are only such
/// that their outcome does not depend on who is faster.
Program generate(std::uint64_t seed);

}  // namespace troupe::differential
