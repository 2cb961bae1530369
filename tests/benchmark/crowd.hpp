// What a crowd of processes costs that have nothing to do: memory, processor, and to wake them up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace troupe::benchmark {

/// Spawns `processes`, with a state of one number each; looks at memory, and at the processor for five seconds in which
/// nothing happens; wakes every tenth with one message; ends all and looks at memory again. `say` is given a line for
/// each. Errors: `internal`, naming the bound that was broken: 859 bytes of resident memory each (8 GiB for ten
/// million), 1% of one core while idle, a tenth of the memory and 64 MiB afterwards; `timeout` after ten minutes.
Result<void> crowd(std::uint32_t processes, const std::function<void(const std::string&)>& say);

}  // namespace troupe::benchmark
