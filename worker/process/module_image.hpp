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

class Runtime;

/// Stays loaded until it is unloaded, whoever holds it: messages and processes of its classes may be anywhere. Opening
/// the same file twice gives the same image; a copy of it gives another.
class ModuleImage {
 public:
  /// Looks at the file before any of its code runs. Errors:
  ///   not_found          no such file
  ///   invalid_argument   no shared object, cut short, no Troupe module, or one that exports more than
  ///                      `troupe_module_open` (build it with troupe_add_module)
  ///   unsupported        built for another version of the ABI
  ///   internal           the dynamic linker refused it, for instance because a library is missing
  static Result<std::shared_ptr<const ModuleImage>> open(const std::filesystem::path& file);

  /// Takes the module out of memory. Nobody may spawn of its classes any more, nor may anybody else hold it. Errors:
  ///   unavailable   something of `runtime` still refers to it, and is named (Runtime::release_image): try again later
  ///   internal      it stays in memory all the same: somebody else has opened it, or it has a thread, a thread-local
  ///                 with a destructor or an exit handler
  static Result<void> unload(Runtime& runtime, const std::shared_ptr<const ModuleImage>& module);

  /// Null when the module has no such class.
  [[nodiscard]] const troupe_process_class* find_class(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> class_names() const;
  /// What its classes and message types name as theirs.
  [[nodiscard]] const void* image() const { return module_.image; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  ModuleImage(std::filesystem::path file, void* handle, const troupe_module& module)
      : file_(std::move(file)), handle_(handle), module_(module) {}

  std::filesystem::path file_;
  void* handle_;  ///< dlopen's.
  const troupe_module& module_;
};

}  // namespace troupe
