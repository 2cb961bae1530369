// Parking: where one thread sleeps until another wakes it or a time has come.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace troupe {

class Parking {
 public:
  /// A wake-up from before this is forgotten. The owner's thread.
  void prepare() { woken_.store(0, std::memory_order_relaxed); }
  /// Returns after a wake-up since prepare(), after `timeout` (max: never), or now and then for no reason.
  void sleep(Duration timeout);
  [[nodiscard]] bool woken() const { return woken_.load(std::memory_order_acquire) != 0; }
  /// Any thread.
  void wake();

 private:
  std::atomic<std::uint32_t> woken_{0};
};

}  // namespace troupe
