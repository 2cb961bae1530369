// check: an invariant of our own code, in every build. Aborts with file, line and message when it does not hold.
//
// Never for what a peer, a file, a user or an API server sent: that is a Result.
#pragma once

#include <source_location>

namespace troupe {

[[noreturn]] void check_failed(const char* message, std::source_location where);

inline void check(bool holds, const char* message, std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    check_failed(message, where);
  }
}

}  // namespace troupe
