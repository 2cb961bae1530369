#include "platform/os_error.hpp"

#include <cerrno>
#include <string>
#include <system_error>

namespace troupe::platform {
namespace {

ErrorCode code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
      return ErrorCode::not_found;
    case EEXIST:
    case EADDRINUSE:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case EINVAL:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ENOEXEC:
      return ErrorCode::invalid_argument;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EAGAIN:
      return ErrorCode::unavailable;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
      return ErrorCode::limit_exceeded;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

Error os_error(int errno_value, std::string_view what) {
  return Error{code_of(errno_value), std::string(what) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace troupe::platform
