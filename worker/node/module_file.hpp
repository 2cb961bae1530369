// The file of a module that a TroupeApplication names: where it lies here, and whether it is the one that was meant.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "worker/node/application_spec.hpp"

namespace troupe::node {

/// `path` below `image_root` when a file is there (programs that run without a container), else `path` itself.
/// Errors: `not_found`; `invalid_argument` when its SHA-256 is another than asked for, with both digests.
Result<std::filesystem::path> find_module_file(const ModuleReference& module, const std::string& image_root);

/// SHA-256 of a file as 64 lower-case hexadecimal digits.
Result<std::string> sha256_of_file(const std::filesystem::path& file);

}  // namespace troupe::node
