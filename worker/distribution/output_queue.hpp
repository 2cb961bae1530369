// What waits to go out on one link, in the order in which it will go.
//
// Small messages and signals form one lane, first in, first out. A message above the size of a fragment goes through
// the other lane: cut, one fragment of each sender in turn, and in turn with the small ones, so that none holds up
// another. What a sender sends while its large message is under way waits behind it, and a large message starts when
// everything that waited in the small lane before it has gone: the signals of one sender never overtake each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "worker/distribution/control_message.hpp"
#include "worker/process/remote.hpp"

namespace troupe::distribution {

/// Not thread-safe.
class OutputQueue {
 public:
  /// OTP's size of a fragment, control message included (ERTS_DIST_FRAGMENT_SIZE).
  static constexpr std::size_t otp_fragment_bytes = 64 * 1024;

  /// What is at most an eighth longer than a fragment counts as small.
  /// To a peer without fragments a large message goes whole, in the large lane all the same.
  explicit OutputQueue(bool peer_reads_fragments, std::size_t fragment_bytes = otp_fragment_bytes)
      : fragment_bytes_(fragment_bytes), cuts_(peer_reads_fragments) {}

  /// Where a signal of `sender` goes that is not empty.
  [[nodiscard]] Lane lane_of(const EncodedSignal& signal, const Pid& sender) const;
  /// `is_message`: not a link, monitor, exit or the like.
  void push(EncodedSignal signal, const Pid& sender, bool is_message);
  /// Whole frames for the wire, about a fragment of them; empty when nothing waits.
  Bytes take();

  [[nodiscard]] bool empty() const { return small_.empty() && streams_.empty(); }
  /// Memory of what waits. A large message counts in full until its last fragment is taken.
  [[nodiscard]] std::size_t bytes(Lane lane) const { return lane == Lane::small ? small_bytes_ : large_bytes_; }
  /// Of these, what is no message.
  [[nodiscard]] std::size_t signal_bytes() const { return signal_bytes_; }

 private:
  struct Waiting {
    EncodedSignal signal;
    bool is_message = true;
  };
  /// What one sender has waiting in the large lane; it begins with a large message.
  struct Stream {
    Pid sender;
    std::deque<Waiting> waiting;
    std::uint64_t starts_after = 0;  ///< Chunks of the small lane that must have gone before.
    std::uint64_t series = 0;        ///< Names the message under way.
    std::uint64_t fragments_left = 0;
    std::size_t at = 0;  ///< Where the next fragment begins.
  };
  /// Small frames that leave together.
  struct Chunk {
    Bytes frames;
    std::size_t signal_bytes = 0;
  };

  [[nodiscard]] bool is_large(const EncodedSignal& signal) const;
  void push_small(Bytes frame, bool is_message);
  Bytes take_small();
  Bytes take_large();
  Bytes take_whole(Stream& stream);
  Bytes take_fragment(Stream& stream);
  Bytes take_front(Stream& stream);

  const std::size_t fragment_bytes_;
  const bool cuts_;
  std::deque<Chunk> small_;
  std::uint64_t chunks_taken_ = 0;
  std::unordered_map<Pid, Stream> streams_;
  std::deque<Stream*> not_started_;
  std::deque<Stream*> turns_;
  bool turn_of_large_ = false;
  std::uint64_t series_ = 0;
  std::size_t small_bytes_ = 0;
  std::size_t large_bytes_ = 0;
  std::size_t signal_bytes_ = 0;
};

}  // namespace troupe::distribution
