// What the log tells of a process that crashed, and of a handler that is stuck.
#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/log.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "tests/worker/process/steady_clock.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/stack_probe.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::map<std::string, std::string>;

/// The program's log while it lives.
class Log final : public LogSink {
 public:
  Log() : former_(set_log_sink(this)) {}
  ~Log() override { set_log_sink(former_); }
  void write(LogLevel, std::string_view message, std::span<const LogField> fields) override {
    Fields line;
    for (const LogField& field : fields) {
      if (const auto* const text = std::get_if<std::string>(&field.value)) {
        line[std::string(field.key)] = *text;
      }
    }
    const std::lock_guard lock(mutex_);
    lines_[std::string(message)] = std::move(line);
    changed_.notify_all();
  }
  /// The last line with that message, waiting for one.
  Fields last(const std::string& message) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return lines_.count(message) != 0; });
    return lines_[message];
  }

 private:
  LogSink* const former_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Fields> lines_;
};

struct Fill {
  std::vector<std::int64_t> with;
};
struct Fail {
  std::int64_t how = 0;
};

[[gnu::noinline]] void fail_deep_inside(std::int64_t how) {
  if (how == 1) {
    throw std::runtime_error("deep");
  }
  if (how == 2) {
    std::vector<int>().at(1);
  }
  if (how == 3) {
    try {
      throw std::logic_error("caught before");
    } catch (const std::logic_error&) {
    }
    troupe::exit(Term::atom("given_up"));
  }
}

class Fragile {
 public:
  using messages = troupe::messages<Fill, Fail>;
  explicit Fragile(std::int64_t how = 0) { fail_deep_inside(how); }
  void handle(Fill fill) {
    items_ = std::move(fill.with);
    troupe::set_label("filled");
  }
  void handle(Fail fail) { fail_deep_inside(fail.how); }
  [[nodiscard]] std::vector<std::int64_t> save() const { return items_; }

 private:
  std::vector<std::int64_t> items_;
};

class Unsaved : public Fragile {
 public:
  using Fragile::handle;
  [[nodiscard]] std::int64_t save() const { throw std::runtime_error("no state today"); }
};

class CrashReports : public SimulatedNode {
 protected:
  Fields report_of(const Pid& pid, std::int64_t how) {
    const RuntimeScope scope(runtime);
    troupe::send(pid, Fill{{1, 2, 3}});
    troupe::send(pid, Fail{how});
    settle();
    return log.last("process crashed");
  }
  Log log;
};

TEST_F(CrashReports, hold_who_why_the_last_message_and_the_state) {
  const Pid pid = runtime.spawn<Fragile>();
  runtime.register_name("fragile", pid);
  const Fields report = report_of(pid, 1);
  EXPECT_EQ(report.at("pid"), Term::pid(pid).text());
  EXPECT_EQ(report.at("name"), "fragile");
  EXPECT_EQ(report.at("label"), "filled");
  EXPECT_EQ(report.at("class"), "Fragile");
  EXPECT_EQ(report.at("reason"), "{exception,<<\"deep\">>,<<\"std::runtime_error\">>}");
  EXPECT_EQ(report.at("last_message"), "{fail,1}");
  EXPECT_EQ(report.at("state"), "[1,2,3]");
}

TEST_F(CrashReports, tell_where_it_threw) {
  EXPECT_THAT(report_of(runtime.spawn<Fragile>(), 1).at("stack"), HasSubstr("fail_deep_inside"));
  EXPECT_THAT(report_of(runtime.spawn<Fragile>(), 2).at("stack"), HasSubstr("fail_deep_inside"))
      << "thrown by the standard library's own code";
}

TEST_F(CrashReports, tell_where_a_constructor_threw_and_no_state) {
  runtime.spawn<Fragile>(std::int64_t{1});
  settle();
  const Fields report = log.last("process crashed");
  EXPECT_THAT(report.at("stack"), HasSubstr("Fragile::Fragile("));
  EXPECT_EQ(report.at("state"), "");
}

TEST_F(CrashReports, show_no_stack_of_an_earlier_throw_when_a_process_exits) {
  const Fields report = report_of(runtime.spawn<Fragile>(), 3);
  EXPECT_EQ(report.at("reason"), "given_up");
  EXPECT_EQ(report.at("stack"), "");
}

TEST_F(CrashReports, do_without_a_state_that_cannot_be_saved) {
  const Fields report = report_of(runtime.spawn<Unsaved>(), 1);
  EXPECT_EQ(report.at("state"), "");
  EXPECT_THAT(report.at("reason"), HasSubstr("deep"));
}

TEST_F(CrashReports, of_a_module_tell_where_it_threw) {
  auto image = ModuleImage::open(std::string(TROUPE_TEST_MODULES) + "/counter_one.so");
  ASSERT_TRUE(image.ok()) << image.error().message;
  StartRequest request;
  request.process_class = (*image)->find_class("Counter");
  request.arguments = Term::map({{atom("initial"), Term::integer(-1)}});
  ASSERT_FALSE(runtime.start(request).ok());
  EXPECT_THAT(log.last("process crashed").at("stack"), HasSubstr("Counter"));
}

#ifndef __SANITIZE_THREAD__  // It holds signals back from a thread that makes no call.

struct Spin {};

/// Computes until it is let go.
class Stuck {
 public:
  using messages = troupe::messages<Spin>;
  explicit Stuck(std::atomic<bool>& release) : release_(release) { troupe::set_label("counting sheep"); }
  void handle(Spin) { spin_until_released(); }

 private:
  [[gnu::noinline]] void spin_until_released() {
    while (!release_.load(std::memory_order_relaxed)) {
    }
  }
  std::atomic<bool>& release_;
};

TEST(StuckHandlers, are_reported_with_process_label_and_stack) {
  Log log;
  std::atomic<bool> release{false};
  const SteadyClock clock;
  ThreadedScheduler scheduler(clock, {});
  Runtime runtime(scheduler);
  const Pid stuck = runtime.spawn<Stuck>(std::ref(release));
  {
    const RuntimeScope scope(runtime);
    troupe::send(stuck, Spin{});
  }
  const Fields report =
      log.last("a handler has kept its thread for too long; another thread has taken over what waits");
  release = true;
  EXPECT_EQ(report.at("pid"), Term::pid(stuck).text());
  EXPECT_EQ(report.at("class"), "Stuck");
  EXPECT_EQ(report.at("label"), "counting sheep");
  EXPECT_THAT(report.at("stack"), HasSubstr("spin_until_released"));
}

TEST(StackProbe, leaves_a_sleeping_thread_asleep_and_forgets_one_that_blocks_signals) {
  std::atomic<bool> blocked{false};
  std::atomic<bool> release{false};
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    blocked = true;
    blocked.notify_all();
    release.wait(false);
  });
  blocked.wait(false);
  ASSERT_TRUE(ask_for_stack(deaf.native_handle()));
  EXPECT_FALSE(ask_for_stack(deaf.native_handle())) << "one question at a time";
  EXPECT_FALSE(stack_answer().has_value());
  forget_stack();
  std::atomic<bool> waits{false};
  std::thread listening([&] {
    waits = true;
    waits.notify_all();
    release.wait(false);
  });
  waits.wait(false);
  ASSERT_TRUE(ask_for_stack(listening.native_handle()));
  std::optional<StackTrace> stack;
  ASSERT_TRUE(eventually([&] { return (stack = stack_answer()).has_value(); }));
  EXPECT_GT(stack->count, 2U);
  EXPECT_THAT(describe(*stack), HasSubstr("StackProbe_leaves"));
  release = true;
  release.notify_all();
  deaf.join();
  listening.join();
}

#endif

}  // namespace
}  // namespace troupe
