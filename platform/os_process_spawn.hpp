// fork and exec: from an OsProcessSpec to a running child and our ends of its pipes. Private to platform/.
#pragma once

#include "platform/file_descriptor.hpp"
#include "platform/os_process.hpp"

namespace troupe::platform {

struct SpawnedProcess {
  pid_t pid = -1;
  FileDescriptor pidfd;   ///< Closed when the kernel has none (before Linux 5.3, or forbidden).
  FileDescriptor input;   ///< Closed unless `with_stdin`.
  FileDescriptor output;  ///< Closed unless `on_stdout`; like the others it does not block.
  FileDescriptor errors;
};

/// Returns once the program has started or could not. The calling thread must live as long as the program: when it
/// ends, the kernel kills the children it started. Errors as OsProcess::start.
Result<SpawnedProcess> spawn_process(const OsProcessSpec& spec);

/// The file that `name` means: itself when it has a slash, else the first executable of that name in `path` (a PATH).
Result<std::string> find_program(const std::string& name, std::string_view path);

}  // namespace troupe::platform
