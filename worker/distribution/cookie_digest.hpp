// The proof of knowing the cookie: MD5(cookie ++ challenge in decimal). MD5 is what the protocol demands; it keeps out
// strangers and mistakes, TLS is what keeps out attackers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/network.hpp"

namespace troupe::distribution {

using CookieDigest = std::array<std::byte, 16>;

[[nodiscard]] CookieDigest cookie_digest(std::string_view cookie, std::uint32_t challenge);
/// In constant time.
[[nodiscard]] bool same_digest(const CookieDigest& wanted, ByteView got);

}  // namespace troupe::distribution
