// examples/ticker as a user runs it: a plain executable that outlives its failures and drains on a signal.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "platform/os_process.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// A program, what it has said and how it ended.
class Watched {
 public:
  explicit Watched(const std::string& program) {
    platform::OsProcessSpec spec;
    spec.argv = {std::string(TROUPE_PROGRAMS) + "/" + program};
    spec.on_stdout = [this](std::string_view text) { add(output_, text); };
    spec.on_stderr = [this](std::string_view text) { add(log_, text); };
    auto started = platform::OsProcess::start(std::move(spec), [this](platform::OsProcessExit exit) {
      const std::lock_guard lock(mutex_);
      exit_ = exit;
      changed_.notify_all();
    });
    EXPECT_TRUE(started.ok()) << started.error().message;
    process_ = std::move(*started);
  }

  bool says(const std::string& text) {
    return wait([&] { return output_.find(text) != std::string::npos; });
  }
  void signal(int number) { process_->signal_group(number); }
  std::optional<platform::OsProcessExit> end() {
    wait([&] { return exit_.has_value(); });
    const std::lock_guard lock(mutex_);
    return exit_;
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  void add(std::string& to, std::string_view text) {
    const std::lock_guard lock(mutex_);
    to += text;
    changed_.notify_all();
  }
  template <class Done>
  bool wait(Done done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, done);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  std::string log_;
  std::optional<platform::OsProcessExit> exit_;
  std::unique_ptr<platform::OsProcess> process_;
};

class Ticker : public ::testing::TestWithParam<int> {};

TEST_P(Ticker, restarts_what_fails_and_drains_on_a_signal) {
  Watched ticker("troupe-ticker");
  EXPECT_TRUE(ticker.says("tick 3\nthe ticker has started\ntick 1\n"));
  ticker.signal(GetParam());
  const auto end = ticker.end();
  ASSERT_TRUE(end.has_value()) << ticker.log();
  EXPECT_EQ(end->signal, 0) << ticker.log();
  EXPECT_EQ(end->code, 0) << ticker.log();
  EXPECT_NE(ticker.log().find("three ticks are enough"), std::string::npos) << ticker.log();
  EXPECT_NE(ticker.log().find("drain: done"), std::string::npos) << ticker.log();
}

INSTANTIATE_TEST_SUITE_P(Signals, Ticker, ::testing::Values(SIGTERM, SIGINT));

}  // namespace
}  // namespace troupe
