#include "platform/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace troupe::platform {
namespace {

Error failure(const char* doing, const std::filesystem::path& path) {
  const int number = errno;
  ErrorCode code = ErrorCode::internal;
  if (number == EACCES || number == EPERM || number == EROFS) {
    code = ErrorCode::permission_denied;
  } else if (number == ENOENT) {
    code = ErrorCode::not_found;
  } else if (number == EWOULDBLOCK) {
    code = ErrorCode::unavailable;
  } else if (number == ENOSPC || number == EDQUOT) {
    code = ErrorCode::limit_exceeded;
  }
  return {code, std::string("cannot ") + doing + " " + path.string() + ": " + std::generic_category().message(number)};
}

}  // namespace

Result<std::unique_ptr<AppendFile>> AppendFile::open(const std::filesystem::path& path, std::uint64_t keep_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return failure("open", path);
  }
  std::unique_ptr<AppendFile> file(new AppendFile(descriptor, path, keep_bytes));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return failure("lock (is another server using it?)", path);
  }
  if (::ftruncate(descriptor, static_cast<off_t>(keep_bytes)) != 0) {
    return failure("cut", path);
  }
  return file;
}

AppendFile::~AppendFile() { ::close(descriptor_); }

Result<void> AppendFile::append(std::string_view bytes) {
  std::string_view rest = bytes;
  std::uint64_t at = size_;
  while (!rest.empty()) {
    const ssize_t written = ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      Error error = failure("write to", path_);
      // What is left of a torn line would hide every later one from the next start.
      if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
        error.message += "; the torn end cannot be cut off either";
      }
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  if (::fdatasync(descriptor_) != 0) {
    return failure("sync", path_);
  }
  size_ = at;
  return {};
}

Result<void> AppendFile::clear() {
  if (::ftruncate(descriptor_, 0) != 0 || ::fdatasync(descriptor_) != 0) {
    return failure("cut", path_);
  }
  size_ = 0;
  return {};
}

}  // namespace troupe::platform
