// Writes protobuf messages field by field: as much of the wire format as OpenAPI v2 documents need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::local {

class ProtobufWriter {
 public:
  /// A string, bytes or an embedded message.
  ProtobufWriter& add(int field, std::string_view content) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(content.size());
    bytes_.append(content);
    return *this;
  }
  ProtobufWriter& add_flag(int field, bool value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value ? 1 : 0);
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

}  // namespace troupe::local
