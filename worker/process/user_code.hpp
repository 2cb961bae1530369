// A handler that never returns, and whoever has to end its process all the same.
//
// While a handler is in the user's code, its thread touches nothing of the Process but the state; a function of the
// host that it calls leaves the user's code until it returns. Meanwhile another thread may claim the process, look
// through its mailbox and end it for the rest of the world; the handler's thread learns of that when it comes back, and
// waits while a claim lasts. It pays two plain stores and a load (barriers.hpp) for each handler.
#pragma once

#include "worker/process/barriers.hpp"
#include "worker/process/process.hpp"

namespace troupe {

inline void enter_user_code(Process& process) { process.in_user_code.store(true, std::memory_order_release); }

/// Waits for the claim to be over; false when the process was ended under it.
[[nodiscard]] bool outlives_claim(const Process& process);

/// False when the process was ended meanwhile: of the slot only the state is left, for this thread to destroy.
[[nodiscard, gnu::always_inline]] inline bool leave_user_code(Process& process) {
  process.in_user_code.store(false, std::memory_order_relaxed);
  light_barrier();
  return process.fate.load(std::memory_order_acquire) == Fate::alive || outlives_claim(process);
}

/// By a thread that is not the process's; one at a time.
class UserCodeClaim {
 public:
  explicit UserCodeClaim(Process& process) : process_(process) {
    process_.fate.store(Fate::claimed, std::memory_order_relaxed);
    heavy_barrier();
    held_ = process_.in_user_code.load(std::memory_order_acquire);
  }
  ~UserCodeClaim() { process_.fate.store(after_, std::memory_order_release); }
  UserCodeClaim(const UserCodeClaim&) = delete;
  UserCodeClaim& operator=(const UserCodeClaim&) = delete;

  /// Whether the process is in the user's code, and will stay there until this claim is over.
  [[nodiscard]] bool held() const { return held_; }
  /// It was ended: its thread will bury it.
  void ended() { after_ = Fate::ended; }

 private:
  Process& process_;
  bool held_ = false;
  Fate after_ = Fate::alive;
};

}  // namespace troupe
