#include "worker/process/stack_probe.hpp"

#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace troupe {
namespace {

constexpr int probe_signal = SIGURG;

enum class Phase { idle, asked, taking, taken };

/// One question at a time; all that the signal's handler touches.
struct Probe {
  std::atomic<Phase> phase{Phase::idle};
  StackTrace trace;
  sem_t answered;
};
static_assert(std::atomic<Phase>::is_always_lock_free, "a signal handler may not lock");
Probe probe;

void take_stack(int /*signal*/) {
  const int error = errno;
  Phase asked = Phase::asked;
  if (probe.phase.compare_exchange_strong(asked, Phase::taking)) {
    probe.trace = stack_here(2);  // Without this handler and the frame that returns from it.
    probe.phase.store(Phase::taken);
    ::sem_post(&probe.answered);
  }
  errno = error;
}

bool install() {
  struct sigaction before {};
  if (::sigaction(probe_signal, nullptr, &before) != 0 || (before.sa_flags & SA_SIGINFO) != 0 ||
      (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)) {
    return false;
  }
  stack_here(0);  // The first one in a program loads a library, which no handler may do.
  struct sigaction own {};
  own.sa_handler = &take_stack;
  own.sa_flags = SA_RESTART;
  ::sigemptyset(&own.sa_mask);
  return ::sem_init(&probe.answered, 0, 0) == 0 && ::sigaction(probe_signal, &own, nullptr) == 0;
}

bool wait_for_answer(Duration limit) {
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  const Duration end = std::chrono::seconds(until.tv_sec) + Duration(until.tv_nsec) + limit;
  until.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(end).count();
  until.tv_nsec = (end % std::chrono::seconds(1)).count();
  int outcome = 0;
  do {
    outcome = ::sem_clockwait(&probe.answered, CLOCK_MONOTONIC, &until);
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0;
}

}  // namespace

std::optional<StackTrace> stack_of(pthread_t thread, Duration limit) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static const bool installed = install();
  if (!installed) {
    return std::nullopt;
  }
  probe.phase.store(Phase::asked);
  if (::pthread_kill(thread, probe_signal) != 0 || !wait_for_answer(limit)) {
    Phase asked = Phase::asked;
    if (probe.phase.compare_exchange_strong(asked, Phase::idle)) {
      return std::nullopt;
    }
    while (::sem_wait(&probe.answered) != 0) {  // It has begun: a matter of microseconds.
    }
  }
  StackTrace trace = probe.trace;
  probe.phase.store(Phase::idle);
  return trace;
}

}  // namespace troupe
