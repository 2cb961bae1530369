// What a process receives and sends, kept for an onlooker: the newest events, with a cap on how many a second are
// noted. Plain; used by the process's own thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/clock.hpp"
#include "troupe/term.hpp"

namespace troupe {

class MessageTrace {
 public:
  static constexpr std::size_t events_default = 10;  ///< OTP's sys:log/2.
  static constexpr std::size_t events_max = 1'000;
  /// A busy process is slowed by at most so many conversions of messages to terms.
  static constexpr std::uint32_t events_per_second_max = 1'000;
  /// A larger message is noted as {large, Tag, Bytes}.
  static constexpr std::size_t event_bytes_max = 4'096;

  /// Keeps the newest `events_kept` events, 1 to events_max.
  explicit MessageTrace(std::size_t events_kept);

  /// Whether there is room for another event in this second; counted when there is none.
  [[nodiscard]] bool admits(Instant now);
  void add(Term event);
  /// Oldest first; {skipped, N} in front when the cap left out any.
  [[nodiscard]] Term events() const;

 private:
  std::size_t events_kept_;
  std::deque<Term> events_;
  Instant second_began_{};
  std::uint32_t in_this_second_ = 0;
  std::int64_t skipped_ = 0;
};

/// `message` itself, or what stands for one that is too large to keep.
[[nodiscard]] Term kept_in_trace(const Term& message);

}  // namespace troupe
