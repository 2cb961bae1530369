// Lines to standard error without ever waiting long: a reader that has stopped, a full disk or a closed pipe costs
// lines, never the program.
#pragma once

#include <cstdint>
#include <string_view>

#include "platform/file_descriptor.hpp"

namespace troupe::platform {

/// Not thread-safe. SIGPIPE must be ignored.
class StderrWriter {
 public:
  /// Keeps a descriptor of its own for what standard error is now.
  StderrWriter();

  /// `line` with its line break. False when it was lost, wholly or from the middle on.
  bool write(std::string_view line);

 private:
  bool write_piece(std::string_view piece, int& wait_left_ms);

  FileDescriptor target_;
  bool is_socket_ = false;
  bool congested_ = false;  ///< The last line was lost for want of room: the next one is not waited for.
  bool torn_ = false;       ///< Half a line stands there without its break.
};

}  // namespace troupe::platform
