// Bytes queued for a socket, in order. Private to platform/: it shows Asio.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace troupe::platform {

/// `Piece` is a contiguous byte container: Bytes or std::string. What a write under way refers to stays where it is
/// until `consume`.
template <class Piece>
class OutputBuffer {
 public:
  void append(Piece data) {
    size_ += data.size();
    if (pieces_.size() > in_flight_ && pieces_.back().size() + data.size() <= joined_bytes_max) {
      pieces_.back().insert(pieces_.back().end(), data.begin(), data.end());
    } else {
      pieces_.push_back(std::move(data));
    }
  }

  /// What the next write sends. Not to be called again before `consume`.
  [[nodiscard]] std::vector<boost::asio::const_buffer> take_in_flight() {
    std::vector<boost::asio::const_buffer> buffers;
    in_flight_ = std::min(pieces_.size(), pieces_per_write_max);
    buffers.reserve(in_flight_);
    for (std::size_t i = 0; i < in_flight_; ++i) {
      buffers.push_back(boost::asio::const_buffer(boost::asio::buffer(pieces_[i])) + (i == 0 ? offset_ : 0));
    }
    return buffers;
  }

  /// The write has ended and has taken `count` bytes.
  void consume(std::size_t count) {
    in_flight_ = 0;
    size_ -= count;
    offset_ += count;
    while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
      offset_ -= pieces_.front().size();
      pieces_.pop_front();
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  /// Small messages are joined up to this size, so that a burst leaves in one system call.
  static constexpr std::size_t joined_bytes_max = 64 * 1024;
  static constexpr std::size_t pieces_per_write_max = 64;  // Asio's own limit for one writev.

  std::deque<Piece> pieces_;
  std::size_t offset_ = 0;  ///< Bytes of the first piece that are gone.
  std::size_t size_ = 0;
  std::size_t in_flight_ = 0;  ///< Pieces that a write under way refers to.
};

}  // namespace troupe::platform
