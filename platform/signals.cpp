#include "platform/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <thread>
#include <utility>

#include "base/check.hpp"

namespace troupe::platform {
namespace {

/// 128 + SIGINT, as a shell reports it.
constexpr int interrupted_status = 130;
constexpr int interrupts_max = 3;

}  // namespace

void on_stop_signal(std::function<void(int signal)> on_stop) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGTERM);
  ::sigaddset(&stops, SIGINT);
  check(::pthread_sigmask(SIG_BLOCK, &stops, nullptr) == 0, "cannot block SIGTERM and SIGINT");
  // Waits in turns of its own, so that a third SIGINT ends the program even while `on_stop` hangs.
  std::thread([stops, on_stop = std::move(on_stop)] {
    int interrupts = 0;
    for (;;) {
      int signal = 0;
      if (::sigwait(&stops, &signal) != 0) {
        continue;
      }
      if (signal == SIGINT && ++interrupts == interrupts_max) {
        ::_exit(interrupted_status);
      }
      std::thread(on_stop, signal).detach();
    }
  }).detach();
}

}  // namespace troupe::platform
