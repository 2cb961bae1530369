// Debian's Erlang as the judge: runs any number of programs in one `erl`.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/differential/program.hpp"

namespace troupe::differential {

/// What the Erlang module `interpreter` writes for `programs`: {trace, [Event]} for each, of which this gives the
/// events.
Result<std::vector<std::vector<Term>>> events_on_erlang(const std::string& interpreter,
                                                        const std::vector<Term>& programs);

/// The events of one program, a line each.
std::string lines_of(const std::vector<Term>& events);

/// The traces of `programs`, in their order. Errors: `internal` with what erl said.
Result<std::vector<Trace>> run_on_erlang(const std::vector<Program>& programs);

}  // namespace troupe::differential
