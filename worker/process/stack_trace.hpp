// Where a thread was: return addresses that cost little to take, and what they mean, told when somebody asks.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace troupe {

struct StackTrace {
  static constexpr std::size_t frames_max = 48;

  std::array<void*, frames_max> frames{};  ///< Innermost first.
  std::size_t count = 0;
};

/// Of the calling thread, without this function and the `skip` innermost of its callers. Neither allocates nor locks
/// after the first call in the program.
StackTrace stack_here(std::size_t skip);

/// "Counter::handle(Add) (counter.so+0x1234); ..." innermost first, at most 4 KiB; only the place where the file has no
/// symbols. `addr2line -Cife counter.so 0x1234` tells the line, and what was inlined there. Takes about a millisecond.
std::string describe(const StackTrace& trace);

}  // namespace troupe
