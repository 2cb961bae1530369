#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe {

void check_failed(const char* message, std::source_location where) {
  std::fprintf(stderr, "%s:%u: check failed in %s: %s\n", where.file_name(), static_cast<unsigned>(where.line()),
               where.function_name(), message);
  std::fflush(stderr);
  std::abort();
}

}  // namespace troupe
