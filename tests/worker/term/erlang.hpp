// Runs Debian's erl at test time: the judge of what a term looks like on the wire.
#pragma once

#include <string>

namespace troupe::test {

/// Evaluates `expression` (an iolist) in a fresh Erlang runtime and returns what it prints.
std::string erlang_eval(const std::string& expression);

}  // namespace troupe::test
