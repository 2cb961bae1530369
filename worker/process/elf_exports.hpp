// What a shared object exports, read from its file without loading it: loading would already run its code.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace troupe {

struct ExportedSymbol {
  std::string name;
  bool unique = false;  ///< STB_GNU_UNIQUE: one for the whole program, and it pins the object in memory.
};

inline constexpr std::uint64_t module_file_bytes_max = 512ull * 1024 * 1024;

/// Errors: `not_found`, `permission_denied`, `limit_exceeded`, and `invalid_argument` for what is no shared object of
/// this machine or is cut short; the message says which.
Result<std::vector<ExportedSymbol>> exported_symbols(const std::filesystem::path& file);

}  // namespace troupe
