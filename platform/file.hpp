// Whole files: read at once, replaced at once.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::platform {

/// The file's bytes. Errors: `not_found`, `permission_denied`, `limit_exceeded` when it holds more than `bytes_max`
/// (default: far above any configuration, certificate or module), `invalid_argument` (a folder), `internal`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max = 256 * 1024 * 1024);

/// Puts `content` at `path` so that a reader, or a crash at any moment, sees the old file or the new one whole: written
/// beside it, synced, renamed over it. `mode` holds whatever the umask is. The folder must exist.
/// Errors: `not_found` (no such folder), `permission_denied`, `limit_exceeded` (disk full), `internal`.
Result<void> atomic_write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0644);

}  // namespace troupe::platform
