#include "worker/distribution/frame_reader.hpp"

#include "base/check.hpp"

namespace troupe::distribution {
namespace {
/// One large frame must not cost its memory for as long as the link lives.
constexpr std::size_t kept_bytes_max = 1024 * 1024;
}  // namespace

FrameReader::FrameReader(unsigned length_bytes, std::size_t frame_bytes_max)
    : length_bytes_(length_bytes), frame_bytes_max_(frame_bytes_max) {
  check(length_bytes == 2 || length_bytes == 4, "a frame length has 2 or 4 bytes");
}

void FrameReader::append(ByteView data) {
  if (start_ != 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kept_bytes_max) {
      buffer_.shrink_to_fit();
    }
  }
  buffer_.insert(buffer_.end(), data.begin(), data.end());
}

Result<std::optional<ByteView>> FrameReader::next() {
  const ByteView unread = ByteView(buffer_).subspan(start_);
  if (unread.size() < length_bytes_) {
    return std::optional<ByteView>();
  }
  std::size_t length = 0;
  for (unsigned i = 0; i < length_bytes_; ++i) {
    length = (length << 8) | std::to_integer<std::size_t>(unread[i]);
  }
  if (length > frame_bytes_max_) {
    return Error{ErrorCode::limit_exceeded, "a frame of " + std::to_string(length) + " bytes, where at most " +
                                                std::to_string(frame_bytes_max_) + " are read"};
  }
  if (unread.size() - length_bytes_ < length) {
    return std::optional<ByteView>();
  }
  start_ += length_bytes_ + length;
  return std::optional<ByteView>(unread.subspan(length_bytes_, length));
}

void FrameReader::switch_to(unsigned length_bytes, std::size_t frame_bytes_max) {
  check(length_bytes == 2 || length_bytes == 4, "a frame length has 2 or 4 bytes");
  length_bytes_ = length_bytes;
  frame_bytes_max_ = frame_bytes_max;
}

}  // namespace troupe::distribution
