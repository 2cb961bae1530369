// How much memory this program has of the machine's.
#pragma once

#include <cstdint>
#include <filesystem>

namespace troupe::platform {

/// Resident memory, as proc(5) tells in statm; 0 when the file cannot be read. `statm` is for tests.
[[nodiscard]] std::uint64_t resident_bytes(const std::filesystem::path& statm = "/proc/self/statm");

}  // namespace troupe::platform
