#include "worker/distribution/frame_reader.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe::distribution {
namespace {
/// One large frame must not cost its memory for as long as the link lives.
constexpr std::size_t kept_bytes_max = 256 * 1024;
}  // namespace

FrameReader::FrameReader(unsigned length_bytes, std::size_t frame_bytes_max)
    : length_bytes_(length_bytes), frame_bytes_max_(frame_bytes_max) {
  check(length_bytes == 2 || length_bytes == 4, "a frame length has 2 or 4 bytes");
}

Result<std::size_t> FrameReader::length_of(ByteView frame) const {
  std::size_t length = 0;
  for (unsigned i = 0; i < length_bytes_; ++i) {
    length = (length << 8) | std::to_integer<std::size_t>(frame[i]);
  }
  if (length > frame_bytes_max_) {
    return Error{ErrorCode::limit_exceeded, "a frame of " + std::to_string(length) + " bytes, where at most " +
                                                std::to_string(frame_bytes_max_) + " are read"};
  }
  return length;
}

Result<std::optional<ByteView>> FrameReader::next() {
  if (handed_out_) {
    handed_out_ = false;
    begun_.clear();
    if (begun_.capacity() > kept_bytes_max) {
      begun_ = Bytes();
    }
  }
  if (!begun_.empty()) {
    return continue_begun();
  }
  if (input_.size() >= length_bytes_) {
    const auto length = length_of(input_);
    if (!length) {
      return length.error();
    }
    if (input_.size() - length_bytes_ >= *length) {
      const ByteView frame = input_.subspan(length_bytes_, *length);
      input_ = input_.subspan(length_bytes_ + *length);
      return std::optional<ByteView>(frame);
    }
  }
  return input_.empty() ? std::optional<ByteView>() : continue_begun();
}

Result<std::optional<ByteView>> FrameReader::continue_begun() {
  move_input(length_bytes_);
  if (begun_.size() < length_bytes_) {
    return std::optional<ByteView>();
  }
  const auto length = length_of(begun_);
  if (!length) {
    return length.error();
  }
  move_input(length_bytes_ + *length);
  if (begun_.size() < length_bytes_ + *length) {
    return std::optional<ByteView>();
  }
  handed_out_ = true;
  return std::optional<ByteView>(ByteView(begun_).subspan(length_bytes_));
}

/// Until `begun_` has so many bytes, or the input ends. Doubles, but not beyond what the frame needs.
void FrameReader::move_input(std::size_t bytes_wanted) {
  const std::size_t count = std::min(bytes_wanted - std::min(bytes_wanted, begun_.size()), input_.size());
  if (begun_.size() + count > begun_.capacity()) {
    begun_.reserve(std::min(bytes_wanted, std::max(begun_.size() + count, 2 * begun_.capacity())));
  }
  begun_.insert(begun_.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
  input_ = input_.subspan(count);
}

void FrameReader::switch_to(unsigned length_bytes, std::size_t frame_bytes_max) {
  check(length_bytes == 2 || length_bytes == 4, "a frame length has 2 or 4 bytes");
  check(begun_.empty() || handed_out_, "the length of frames changes within a frame");
  length_bytes_ = length_bytes;
  frame_bytes_max_ = frame_bytes_max;
}

}  // namespace troupe::distribution
