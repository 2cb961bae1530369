// What an errno means to a caller, in the project's own error codes.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace troupe::platform {

/// "what: <the system's text>". ENOENT is `not_found`, EEXIST and EADDRINUSE `already_exists`, EACCES and EPERM
/// `permission_denied`, EINVAL, EADDRNOTAVAIL and their like `invalid_argument`, a refused, reset or unreachable
/// connection `unavailable`, ETIMEDOUT `timeout`, EMFILE, ENFILE, ENOSPC and their like `limit_exceeded`, any other
/// `internal`.
[[nodiscard]] Error os_error(int errno_value, std::string_view what);

}  // namespace troupe::platform
