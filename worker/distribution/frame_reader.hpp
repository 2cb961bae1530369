// Cuts a byte stream into frames with a length in front: 2 bytes during the handshake, 4 once connected.
#pragma once

#include <cstddef>
#include <optional>

#include "base/network.hpp"
#include "base/result.hpp"

namespace troupe::distribution {

class FrameReader {
 public:
  /// `length_bytes` is 2 or 4. A frame longer than `frame_bytes_max` is an error as soon as its length is read.
  FrameReader(unsigned length_bytes, std::size_t frame_bytes_max);

  void append(ByteView data);
  /// The next whole frame without its length, valid until the next call of any method; nothing when more bytes are
  /// needed. `limit_exceeded` for a frame that is too long, after which the stream cannot be read on.
  Result<std::optional<ByteView>> next();
  /// Goes on with another length size and bound; bytes read ahead stay.
  void switch_to(unsigned length_bytes, std::size_t frame_bytes_max);

 private:
  unsigned length_bytes_;
  std::size_t frame_bytes_max_;
  Bytes buffer_;
  std::size_t start_ = 0;  ///< Where the next frame begins in `buffer_`.
};

}  // namespace troupe::distribution
