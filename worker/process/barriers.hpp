// A pair of memory barriers of which one side costs next to nothing: for flags that their owner sets all the time and
// that somebody else looks at once in a while. Of two threads that each store, pass their barrier and load what the
// other stores, at least one sees the other's store.
//
// heavy_barrier() is membarrier(2), which makes the kernel run a barrier on every CPU that runs a thread of this
// program; where the kernel or a seccomp profile refuses it, light_barrier() is a real one too.
#pragma once

#include <atomic>

namespace troupe {

extern const bool light_barriers_suffice;
void real_barrier();

inline void light_barrier() {
  if (light_barriers_suffice) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    real_barrier();
  }
}
void heavy_barrier();

}  // namespace troupe
