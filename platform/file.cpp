#include "platform/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "platform/file_descriptor.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

Result<void> write_whole(int fd, std::string_view content, const std::string& what) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return os_error(errno, what);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_and_sync(int fd, std::string_view content, mode_t mode, const std::string& what) {
  if (auto written = write_whole(fd, content, what); !written.ok()) {
    return written;
  }
  if (::fchmod(fd, mode) != 0 || ::fsync(fd) != 0) {
    return os_error(errno, what);
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const std::string what = "cannot read " + path.string();
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    return os_error(errno, what);
  }
  std::string content;
  for (;;) {
    // Not by the size that stat tells: files in /proc say 0.
    constexpr std::size_t step = 64 * 1024;
    const std::size_t had = content.size();
    content.resize(had + step);
    const ssize_t got = ::read(file.get(), content.data() + had, step);
    content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) {
      return os_error(errno, what);
    }
    if (got == 0) {
      return content;
    }
    if (content.size() > bytes_max) {
      return Error{ErrorCode::limit_exceeded, what + ": more than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

Result<void> atomic_write_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const std::string what = "cannot write " + path.string();
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::string beside = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  const FileDescriptor file(::mkostemp(beside.data(), O_CLOEXEC));
  if (!file.is_open()) {
    return os_error(errno, what);
  }
  auto written = write_and_sync(file.get(), content, mode, what);
  if (written.ok() && ::rename(beside.c_str(), path.c_str()) != 0) {
    written = os_error(errno, what);
  }
  if (!written.ok()) {
    ::unlink(beside.c_str());
    return written;
  }
  // The rename itself lives in the folder. Some file systems cannot sync one: then it is as durable as they make it.
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open()) {
    (void)::fsync(opened.get());
  }
  return {};
}

}  // namespace troupe::platform
