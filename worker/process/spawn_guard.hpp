// Refuses new processes while the container is short of memory: the kernel would kill the whole pod instead, and every
// process with it.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace troupe {

/// Of the container's memory limit. Above the first nobody is spawned; below the second spawning goes on.
inline constexpr double hold_spawns_above = 0.90;
inline constexpr double release_spawns_below = 0.85;
/// How often to look.
inline constexpr Duration spawn_guard_interval = std::chrono::milliseconds(250);

/// Whether spawns are to be held now. Without a limit (0) they never are.
[[nodiscard]] constexpr bool hold_spawns(std::uint64_t used_bytes, std::uint64_t limit_bytes, bool held_before) {
  const double bound = static_cast<double>(limit_bytes) * (held_before ? release_spawns_below : hold_spawns_above);
  return limit_bytes != 0 && static_cast<double>(used_bytes) >= bound;
}

}  // namespace troupe
