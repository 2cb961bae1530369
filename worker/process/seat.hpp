// Seat: what one scheduler thread has of its own. Other threads look at it, and take its queue away when it is stuck in
// a handler.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/clock.hpp"
#include "worker/process/owner_lock.hpp"
#include "worker/process/parking.hpp"
#include "worker/process/run_queue.hpp"
#include "worker/process/scheduler.hpp"

namespace troupe {

struct Current;

struct alignas(64) Seat {
  // --- Written by the owner's thread at every turn ---
  OwnerLock lock;
  RunQueue queue;                                      ///< Under `lock`.
  std::atomic<std::uint64_t> turns{0};                 ///< Odd from before a process is taken until its turn is over.
  std::atomic<Process*> running{nullptr};              ///< Whose turn it is; null when nobody's.
  std::atomic<const TimerOwner*> running_of{nullptr};  ///< Its runtime; set before `running`.
  std::atomic<Instant> next_due{Instant::max()};       ///< No timer of this place is due before.
  std::uint32_t picks = 0;
  std::uint64_t pushed = 0;  ///< Processes ever put into `queue`; all but those in it were taken out again.
  std::uint64_t mark = 0;    ///< `pushed` at `marked_at`: while fewer were taken out, somebody waits since then.
  Instant marked_at{};

  // --- Written by others, seldom ---
  alignas(64) std::atomic<bool> attention{false};  ///< One of the following is set.
  std::atomic<bool> share_now{false};              ///< Somebody is idle while processes wait here.
  std::atomic<bool> timers_due{false};
  std::atomic<bool> replaced{false};  ///< Another thread works in its stead: retire when the turn is over.
  std::atomic<bool> working{false};   ///< Started, and neither replaced nor a spare.
  Parking parking;
  std::atomic<bool> abandoned{false};  ///< Replaced, and the process in whose handler it is was killed.
  unsigned index = 0;
  std::thread thread;
  std::atomic<Current* const*> callback{nullptr};  ///< The thread's own: whose callback it is in.
};

}  // namespace troupe
