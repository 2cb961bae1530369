// Text as a connection's bytes, and back.
#pragma once

#include <string>
#include <string_view>

#include "base/network.hpp"

namespace troupe::platform {

inline Bytes bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

inline std::string text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace troupe::platform
