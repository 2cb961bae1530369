// Runs a program to its end and takes what it prints: how a round of a kernel is asked of Troupe, Erlang and CAF alike.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace troupe::benchmark {

/// Standard output without its last newline. Standard error goes into the error. Errors: those of
/// platform::OsProcess::start; `timeout` (the program is killed); `internal` when it exits with another code than 0.
Result<std::string> output_of(std::vector<std::string> argv, std::chrono::seconds time_max);

}  // namespace troupe::benchmark
