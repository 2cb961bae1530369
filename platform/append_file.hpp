// A file that only grows, each addition on disk before the call returns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace troupe::platform {

class AppendFile {
 public:
  /// Opens or creates `path` (mode 0600) and cuts it to `keep_bytes`. At most one program has it open: the second gets
  /// `unavailable`. Errors: `permission_denied`, `not_found` (the folder), `internal`.
  static Result<std::unique_ptr<AppendFile>> open(const std::filesystem::path& path, std::uint64_t keep_bytes);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// On an error nothing of `bytes` stays in the file.
  Result<void> append(std::string_view bytes);
  /// Cuts the file to nothing.
  Result<void> clear();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  AppendFile(int descriptor, std::filesystem::path path, std::uint64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}

  int descriptor_;
  std::filesystem::path path_;
  std::uint64_t size_;
};

}  // namespace troupe::platform
