// Reading and writing big-endian fields of frames.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/network.hpp"

namespace troupe::distribution {

template <std::unsigned_integral T>
void append_big_endian(Bytes& out, T value) {
  for (std::size_t shift = sizeof(T) * 8; shift != 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (shift - 8)));
  }
}

inline void append_text(Bytes& out, std::string_view text) {
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), from, from + text.size());
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes fields from the front of a frame; empty when the frame is too short, and from then on: whoever has the last
/// field has all before it.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : bytes_(bytes) {}

  template <std::unsigned_integral T>
  std::optional<T> take() {
    if (bytes_.size() < sizeof(T)) {
      bytes_ = {};
      return std::nullopt;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = (value << 8) | std::to_integer<std::uint64_t>(bytes_[i]);
    }
    bytes_ = bytes_.subspan(sizeof(T));
    return static_cast<T>(value);
  }

  std::optional<ByteView> take_bytes(std::size_t count) {
    if (bytes_.size() < count) {
      bytes_ = {};
      return std::nullopt;
    }
    const ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  [[nodiscard]] ByteView rest() const { return bytes_; }

 private:
  ByteView bytes_;
};

}  // namespace troupe::distribution
