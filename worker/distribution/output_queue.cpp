#include "worker/distribution/output_queue.hpp"

#include <algorithm>
#include <utility>

#include "worker/distribution/control_codes.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {

bool OutputQueue::is_large(const EncodedSignal& signal) const {
  // One that is hardly longer than a fragment, such as 64 KiB of payload, costs less whole than cut.
  return signal.frame.size() - EncodedSignal::content_at > fragment_bytes_ + fragment_bytes_ / 8;
}

Lane OutputQueue::lane_of(const EncodedSignal& signal, const Pid& sender) const {
  return is_large(signal) || (!streams_.empty() && streams_.contains(sender)) ? Lane::large : Lane::small;
}

void OutputQueue::push(EncodedSignal signal, const Pid& sender, bool is_message) {
  const std::size_t bytes = signal.frame.size();
  signal_bytes_ += is_message ? 0 : bytes;
  if (lane_of(signal, sender) == Lane::small) {
    return push_small(std::move(signal.frame), is_message);
  }
  large_bytes_ += bytes;
  const auto [found, opened] = streams_.try_emplace(sender);
  Stream& stream = found->second;
  stream.waiting.push_back({std::move(signal), is_message});
  if (opened) {
    stream.sender = sender;
    stream.starts_after = chunks_taken_ + small_.size();
    not_started_.push_back(&stream);
  }
}

void OutputQueue::push_small(Bytes frame, bool is_message) {
  const std::size_t bytes = frame.size();
  small_bytes_ += bytes;
  if (small_.empty() || small_.back().frames.size() + bytes > fragment_bytes_) {
    small_.push_back({std::move(frame), 0});
  } else {
    Bytes& frames = small_.back().frames;
    frames.insert(frames.end(), frame.begin(), frame.end());
  }
  small_.back().signal_bytes += is_message ? 0 : bytes;
}

Bytes OutputQueue::take() {
  while (!not_started_.empty() && not_started_.front()->starts_after <= chunks_taken_) {
    turns_.push_back(not_started_.front());
    not_started_.pop_front();
  }
  if (!turns_.empty() && (turn_of_large_ || small_.empty())) {
    turn_of_large_ = false;
    return take_large();
  }
  turn_of_large_ = true;
  return small_.empty() ? Bytes() : take_small();
}

Bytes OutputQueue::take_small() {
  Chunk chunk = std::move(small_.front());
  small_.pop_front();
  ++chunks_taken_;
  small_bytes_ -= chunk.frames.size();
  signal_bytes_ -= chunk.signal_bytes;
  return std::move(chunk.frames);
}

Bytes OutputQueue::take_large() {
  Stream& stream = *turns_.front();
  turns_.pop_front();
  Bytes piece = cuts_ && is_large(stream.waiting.front().signal) ? take_fragment(stream) : take_whole(stream);
  if (stream.waiting.empty()) {
    streams_.erase(Pid(stream.sender));
  } else {
    turns_.push_back(&stream);
  }
  return piece;
}

Bytes OutputQueue::take_front(Stream& stream) {
  Waiting front = std::move(stream.waiting.front());
  stream.waiting.pop_front();
  large_bytes_ -= front.signal.frame.size();
  signal_bytes_ -= front.is_message ? 0 : front.signal.frame.size();
  return std::move(front.signal.frame);
}

/// The front, and small ones behind it as far as they fit in a fragment.
Bytes OutputQueue::take_whole(Stream& stream) {
  Bytes frames = take_front(stream);
  while (!stream.waiting.empty() && frames.size() + stream.waiting.front().signal.frame.size() <= fragment_bytes_) {
    const Bytes next = take_front(stream);
    frames.insert(frames.end(), next.begin(), next.end());
  }
  return frames;
}

Bytes OutputQueue::take_fragment(Stream& stream) {
  const EncodedSignal& signal = stream.waiting.front().signal;
  const bool first = stream.fragments_left == 0;
  // The control message must be whole in the first fragment.
  const std::size_t first_end = std::max(EncodedSignal::content_at + fragment_bytes_, signal.control_end);
  if (first && first_end >= signal.frame.size()) {
    return take_whole(stream);
  }
  if (first) {
    const std::size_t rest = signal.frame.size() - first_end;
    stream.fragments_left = 1 + (rest + fragment_bytes_ - 1) / fragment_bytes_;
    stream.series = ++series_;
    stream.at = EncodedSignal::content_at;
  }
  const std::size_t end = first ? first_end : std::min(stream.at + fragment_bytes_, signal.frame.size());
  Bytes piece;
  const std::size_t header_bytes = first ? 19 : 18;
  piece.reserve(sizeof(std::uint32_t) + header_bytes + end - stream.at);
  append_big_endian(piece, static_cast<std::uint32_t>(header_bytes + end - stream.at));
  append_big_endian(piece, code::header_version);
  append_big_endian(piece, first ? code::first_fragment : code::next_fragment);
  append_big_endian(piece, stream.series);
  append_big_endian(piece, stream.fragments_left);
  if (first) {
    append_big_endian(piece, std::uint8_t{0});  // No cached atoms.
  }
  piece.insert(piece.end(), signal.frame.begin() + static_cast<std::ptrdiff_t>(stream.at),
               signal.frame.begin() + static_cast<std::ptrdiff_t>(end));
  stream.at = end;
  if (--stream.fragments_left == 0) {
    (void)take_front(stream);
  }
  return piece;
}

}  // namespace troupe::distribution
