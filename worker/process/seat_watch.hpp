// What the monitor makes of one scheduler thread, from what it sees of it at intervals. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace troupe {

enum class SeatVerdict {
  fine,
  share,      ///< Processes wait behind it for longer than a look, while another thread is idle.
  take,       ///< As `share`, but it does not come to the end of its turn: take its queue away.
  hand_over,  ///< Stuck in a turn: another thread has to work in its place. Said once a turn.
};

class SeatWatch {
 public:
  /// `turns` is odd while a turn is in progress; `waiting` is the length of the thread's queue.
  SeatVerdict look(Instant now, std::uint64_t turns, std::size_t waiting, bool someone_idle, Duration stuck_after) {
    const bool same_turn = turns == turns_ && turns % 2 != 0;
    const bool waited_before = waiting_ != 0;
    turns_ = turns;
    waiting_ = waiting;
    if (!same_turn) {
      since_ = now;
      said_ = false;
      return waiting != 0 && waited_before && someone_idle ? SeatVerdict::share : SeatVerdict::fine;
    }
    if (now - since_ >= stuck_after && !said_) {
      said_ = true;
      return SeatVerdict::hand_over;
    }
    return waiting != 0 && someone_idle ? SeatVerdict::take : SeatVerdict::fine;
  }
  /// It was in the same turn at the last look and at the one before.
  [[nodiscard]] bool long_turn(Instant now) const { return turns_ % 2 != 0 && now != since_; }

 private:
  std::uint64_t turns_ = 0;
  std::size_t waiting_ = 0;
  Instant since_{};  ///< First seen in this turn.
  bool said_ = false;
};

}  // namespace troupe
