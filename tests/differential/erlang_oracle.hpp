// Debian's Erlang as the judge: runs any number of programs in one `erl`.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "tests/differential/program.hpp"

namespace troupe::differential {

/// The traces of `programs`, in their order. Errors: `internal` with what erl said.
Result<std::vector<Trace>> run_on_erlang(const std::vector<Program>& programs);

}  // namespace troupe::differential
