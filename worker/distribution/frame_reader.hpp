// Cuts a byte stream into frames with a length in front: 2 bytes during the handshake, 4 once connected.
#pragma once

#include <cstddef>
#include <optional>

#include "base/network.hpp"
#include "base/result.hpp"

namespace troupe::distribution {

/// Whole frames are read where they lie; only what is cut by the end of the data is copied, into memory that grows with
/// what has arrived, never with what a length promises.
class FrameReader {
 public:
  /// `length_bytes` is 2 or 4. A frame longer than `frame_bytes_max` is an error as soon as its length is read.
  FrameReader(unsigned length_bytes, std::size_t frame_bytes_max);

  /// `data` must stay valid until next() has asked for more bytes. What next() had left of earlier data is gone.
  void append(ByteView data) { input_ = data; }
  void append(Bytes&& data) = delete;
  /// The next whole frame without its length, valid until the next call of any method; nothing when more bytes are
  /// needed. `limit_exceeded` for a frame that is too long, after which the stream cannot be read on.
  Result<std::optional<ByteView>> next();
  /// Goes on with another length size and bound, after a whole frame; bytes read ahead stay.
  void switch_to(unsigned length_bytes, std::size_t frame_bytes_max);

  /// Memory held for a frame that is not whole.
  [[nodiscard]] std::size_t memory() const { return begun_.capacity(); }

 private:
  [[nodiscard]] Result<std::size_t> length_of(ByteView frame) const;
  Result<std::optional<ByteView>> continue_begun();
  void move_input(std::size_t bytes_wanted);

  unsigned length_bytes_;
  std::size_t frame_bytes_max_;
  ByteView input_;
  Bytes begun_;              ///< The front of a frame, with its length.
  bool handed_out_ = false;  ///< `begun_` is a whole frame that the caller has seen.
};

}  // namespace troupe::distribution
