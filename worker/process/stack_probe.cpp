#include "worker/process/stack_probe.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>

namespace troupe {
namespace {

constexpr int probe_signal = SIGURG;

enum class Phase { idle, asked, taking, taken };

/// All that the signal's handler touches.
struct Probe {
  std::atomic<Phase> phase{Phase::idle};
  std::atomic<pthread_t> thread{};
  StackTrace trace;
};
static_assert(std::atomic<Phase>::is_always_lock_free && std::atomic<pthread_t>::is_always_lock_free,
              "a signal handler may not lock");
Probe probe;

void take_stack(int /*signal*/) {
  const int error = errno;
  Phase asked = Phase::asked;
  // A thread that held the signal back may come too late, when the question is another's.
  if (probe.thread.load() == ::pthread_self() && probe.phase.compare_exchange_strong(asked, Phase::taking)) {
    probe.trace = stack_here(2);  // Without this handler and the frame that returns from it.
    probe.phase.store(Phase::taken);
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
  return ::sigaction(probe_signal, &own, nullptr) == 0;
}

}  // namespace

bool ask_for_stack(pthread_t thread) {
  static const bool installed = install();
  Phase idle = Phase::idle;
  // `taking` keeps others and the handler away until the thread is set.
  if (!installed || !probe.phase.compare_exchange_strong(idle, Phase::taking)) {
    return false;
  }
  probe.thread.store(thread);
  probe.phase.store(Phase::asked);
  ::pthread_kill(thread, probe_signal);
  return true;
}

std::optional<StackTrace> stack_answer() {
  if (probe.phase.load() != Phase::taken) {
    return std::nullopt;
  }
  StackTrace trace = probe.trace;
  probe.phase.store(Phase::idle);
  return trace;
}

void forget_stack() {
  Phase asked = Phase::asked;
  if (probe.phase.compare_exchange_strong(asked, Phase::idle)) {
    return;
  }
  while (!stack_answer()) {  // It has begun: a matter of microseconds.
  }
}

}  // namespace troupe
