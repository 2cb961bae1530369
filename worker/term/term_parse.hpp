// Erlang's text form of terms, as people type it: {add, 2}, [1, "two"], #{key => <<"value">>}, 'Quoted Atom'.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// Integers, floats, atoms, tuples, lists (also improper), strings, binaries of text, maps. A final "." is allowed. No
/// pids, references, funs, variables or comments. Depth is bounded. Errors: `invalid_argument` with the position.
Result<Term> parse_term(std::string_view text);

}  // namespace troupe
