#include "platform/memory_use.hpp"

#include <unistd.h>

#include <fstream>

namespace troupe::platform {

std::uint64_t resident_bytes(const std::filesystem::path& statm) {
  std::ifstream in(statm);
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  return in >> all_pages >> resident_pages ? resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace troupe::platform
