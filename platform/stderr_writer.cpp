#include "platform/stderr_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>

namespace troupe::platform {
namespace {

/// What one line may wait for a reader that is a little behind.
constexpr int wait_max_ms = 10;

/// O_NONBLOCK belongs to the open file, which other programs share: a pipe or terminal is opened anew. A regular file
/// never blocks and must be shared, or two writers would overwrite each other.
FileDescriptor own_descriptor(const struct stat& status) {
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    FileDescriptor opened(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC | O_NOCTTY));
    if (opened.is_open()) {
      return opened;
    }
  }
  return FileDescriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

StderrWriter::StderrWriter() {
  struct stat status {};
  if (::fstat(STDERR_FILENO, &status) == 0) {
    is_socket_ = S_ISSOCK(status.st_mode);
    target_ = own_descriptor(status);
  }
}

bool StderrWriter::write(std::string_view line) {
  int wait_left_ms = congested_ ? 0 : wait_max_ms;
  if (torn_ && !write_piece("\n", wait_left_ms)) {
    return false;
  }
  torn_ = false;
  const std::string_view whole = line;
  while (!line.empty()) {
    // A pipe takes up to PIPE_BUF bytes whole or not at all.
    const std::string_view piece = line.substr(0, PIPE_BUF);
    if (!write_piece(piece, wait_left_ms)) {
      torn_ = line.size() < whole.size();
      return false;
    }
    line.remove_prefix(piece.size());
  }
  congested_ = false;
  return true;
}

bool StderrWriter::write_piece(std::string_view piece, int& wait_left_ms) {
  while (!piece.empty()) {
    pollfd ready{target_.get(), POLLOUT, 0};
    const int polled = ::poll(&ready, 1, wait_left_ms);
    if (polled < 0 && errno == EINTR) {
      continue;
    }
    if (polled <= 0) {
      congested_ = true;
      return false;
    }
    const ssize_t written = is_socket_ ? ::send(target_.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                       : ::write(target_.get(), piece.data(), piece.size());
    if (written > 0) {
      piece.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN && wait_left_ms > 0) {
      --wait_left_ms;  // Somebody else took the room: a bounded number of further tries.
    } else if (written >= 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace troupe::platform
