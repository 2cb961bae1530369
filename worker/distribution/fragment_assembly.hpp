// Puts the messages of a link together whose frames have distribution headers: whole ones (131, 68) and those that come
// in fragments (131, 69, then 131, 70), several at a time (erl_dist_protocol "Distribution header for fragmented
// messages"). Atom caches are not agreed, so headers refer to no atoms and terms stand without version byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/network.hpp"
#include "worker/distribution/link_end.hpp"

namespace troupe::distribution {

/// What unfinished messages of one link may hold. OTP has no such bounds: a peer takes as much memory as it likes.
struct AssemblyLimits {
  std::size_t message_bytes_max = 128u * 1024 * 1024;
  /// All unfinished messages together. Erlang nodes have one at most for each process that is sending.
  std::size_t bytes_max = 256u * 1024 * 1024;
  std::size_t series_max = 10'000;
};

class FragmentAssembly {
 public:
  explicit FragmentAssembly(const AssemblyLimits& limits) : limits_(limits) {}

  struct Taken {
    enum class Outcome { whole, more, failed };
    Outcome outcome = Outcome::more;
    /// Of a whole one: control message and payload, in the frame that was given or in `memory`.
    ByteView message;
    Bytes memory;
    LinkEnd failure = LinkEnd::protocol_error;
    std::string detail;  ///< Of a failure: what was wrong, for the log.
  };
  /// A frame without its length. After a failure nothing more may be given.
  Taken take(ByteView frame);

  /// Memory that unfinished messages hold.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t series() const { return series_.size(); }

 private:
  struct Series {
    Bytes message;
    std::uint64_t fragments_left = 0;  ///< The id of the next one: they count down to 1.
    std::size_t reserved = 0;
  };

  Taken take_first(ByteView fields);
  Taken take_next(ByteView fields);
  [[nodiscard]] bool has_room(const Series& series, std::size_t bytes) const;
  void reserve(Series& series, std::uint64_t fragments, std::size_t fragment_bytes);

  const AssemblyLimits limits_;
  std::unordered_map<std::uint64_t, Series> series_;
  std::size_t bytes_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace troupe::distribution
