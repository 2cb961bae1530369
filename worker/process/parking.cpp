#include "worker/process/parking.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace troupe {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* timeout) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout, nullptr, 0);
}

}  // namespace

void Parking::sleep(Duration timeout) {
  if (woken()) {
    return;
  }
  if (timeout == Duration::max()) {
    futex(woken_, FUTEX_WAIT_PRIVATE, 0, nullptr);
    return;
  }
  const Duration bounded = std::clamp<Duration>(timeout, Duration::zero(), std::chrono::hours(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  const timespec relative{seconds.count(), (bounded - seconds).count()};
  futex(woken_, FUTEX_WAIT_PRIVATE, 0, &relative);
}

void Parking::wake() {
  if (woken_.exchange(1, std::memory_order_acq_rel) == 0) {
    futex(woken_, FUTEX_WAKE_PRIVATE, 1, nullptr);
  }
}

}  // namespace troupe
