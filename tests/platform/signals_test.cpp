#include "platform/signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace troupe::platform {
namespace {

/// Each test runs in a process of its own: what the calls do to signals lasts.
class signals_death_test : public ::testing::Test {
 protected:
  signals_death_test() { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

struct Arrivals {
  void add(int signal) {
    const std::lock_guard lock(mutex);
    last = signal;
    ++count;
    changed.notify_all();
  }
  bool wait_for(int wanted) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return count >= wanted; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
  int last = 0;
};

TEST_F(signals_death_test, runs_the_call_for_each_arrival_outside_of_a_signal_handler) {
  EXPECT_EXIT(
      {
        Arrivals arrivals;
        on_stop_signal([&](int signal) { arrivals.add(signal); });
        ::kill(::getpid(), SIGTERM);
        const bool first = arrivals.wait_for(1) && arrivals.last == SIGTERM;
        ::kill(::getpid(), SIGINT);
        const bool second = arrivals.wait_for(2) && arrivals.last == SIGINT;
        std::_Exit(first && second ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(signals_death_test, ends_the_program_at_the_third_interrupt_though_the_call_hangs) {
  EXPECT_EXIT(
      {
        Arrivals arrivals;
        on_stop_signal([&](int signal) {
          arrivals.add(signal);
          for (;;) {
            ::pause();
          }
        });
        for (int i = 1; i <= 2; ++i) {
          ::kill(::getpid(), SIGINT);
          arrivals.wait_for(i);
        }
        ::kill(::getpid(), SIGINT);
        std::this_thread::sleep_for(std::chrono::seconds(20));
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(130), "");
}

TEST_F(signals_death_test, holds_for_threads_started_later_and_lets_closed_pipes_be_an_error) {
  EXPECT_EXIT(
      {
        Arrivals arrivals;
        on_stop_signal([&](int signal) { arrivals.add(signal); });
        std::thread later([] { ::raise(SIGPIPE); });
        later.join();
        std::thread other([] { ::kill(::getpid(), SIGTERM); });
        other.join();
        std::_Exit(arrivals.wait_for(1) ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace troupe::platform
