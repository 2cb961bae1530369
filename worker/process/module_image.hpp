// An application module in memory: its process classes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "troupe/abi.h"

namespace troupe {

/// Stays loaded for the life of the program: messages and processes of its classes may be anywhere. Opening the same
/// file twice gives the same image; a copy of it gives another.
class ModuleImage {
 public:
  /// Looks at the file before any of its code runs. Errors:
  ///   not_found          no such file
  ///   invalid_argument   no shared object, cut short, no Troupe module, or one that exports more than
  ///                      `troupe_module_open` (build it with troupe_add_module)
  ///   unsupported        built for another version of the ABI
  ///   internal           the dynamic linker refused it, for instance because a library is missing
  static Result<std::shared_ptr<const ModuleImage>> open(const std::filesystem::path& file);

  /// Null when the module has no such class.
  [[nodiscard]] const troupe_process_class* find_class(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> class_names() const;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  ModuleImage(std::filesystem::path file, const troupe_module& module) : file_(std::move(file)), module_(module) {}

  std::filesystem::path file_;
  const troupe_module& module_;
};

}  // namespace troupe
