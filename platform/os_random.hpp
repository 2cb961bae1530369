// Randomness from the operating system (getrandom(2)): thread-safe, fit for secrets.
#pragma once

#include "base/random.hpp"

namespace troupe::platform {

/// Lives as long as the program.
[[nodiscard]] Random& os_random();

}  // namespace troupe::platform
