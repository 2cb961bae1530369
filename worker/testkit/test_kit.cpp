#include <atomic>
#include <cstdlib>
#include <random>

#include "base/check.hpp"
#include "troupe/test.hpp"
#include "worker/process/blocking_request.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/supervisor.hpp"
#include "worker/testkit/captured_logs.hpp"
#include "worker/testkit/test_process.hpp"

namespace troupe::test {
namespace {

/// Of virtual time: nothing in a test takes longer.
constexpr Duration forever = std::chrono::hours(24 * 365);
/// Processes that never come to rest, such as two that answer each other for ever.
constexpr std::uint64_t settle_steps_max = 1'000'000;
/// ExUnit's, so that a test sees restarts rather than the end of its supervisor.
constexpr RestartIntensity test_intensity{1'000'000, std::chrono::seconds(1)};

std::atomic<bool> kit_lives{false};

class OnlyOne {
 public:
  OnlyOne() { check(!kit_lives.exchange(true), "one TestKit at a time: logs and time are the program's"); }
  ~OnlyOne() { kit_lives = false; }
  OnlyOne(const OnlyOne&) = delete;
  OnlyOne& operator=(const OnlyOne&) = delete;
};

SupervisorSpec no_children() {
  SupervisorSpec spec;
  spec.intensity = test_intensity;
  return spec;
}

}  // namespace

struct TestKit::Parts {
  explicit Parts(std::uint64_t the_seed) : seed(the_seed), scheduler(the_seed) {
    auto started = start_supervisor(runtime, no_children());
    check(started.ok() && process.valid(), "a new node has room for the test");
    supervisor = *started;
  }

  OnlyOne only_one;
  const std::uint64_t seed;
  CapturedLogs logs;
  Inbox inbox;
  SimulatedScheduler scheduler;
  Runtime runtime{scheduler};
  RuntimeScope scope{runtime};
  Pid process = start_test_process(runtime, inbox);
  Pid supervisor;
};

std::uint64_t seed_to_use() {
  if (const char* const asked = std::getenv("TROUPE_SEED")) {
    return std::strtoull(asked, nullptr, 10);
  }
  return std::random_device{}();
}

TestKit::TestKit(std::uint64_t seed) : parts_(std::make_unique<Parts>(seed)) {}

TestKit::~TestKit() {
  Parts& parts = *parts_;
  parts.runtime.exit(parts.supervisor, reasons::shutdown());
  parts.scheduler.run_until([&] { return !parts.runtime.alive(parts.supervisor); },
                            parts.scheduler.clock().now() + forever);
}

// --- Processes ---

Pid TestKit::start_supervised(ChildSpec child) {
  const std::string id = child.id;
  auto started = start_child(parts_->runtime, parts_->supervisor, std::move(child), forever);
  if (!started) {
    fail("start_supervised of " + id + ": " + started.error().text());
  }
  return *started;
}

void TestKit::stop_supervised(std::string_view id) {
  const auto stopped = ask_and_wait(parts_->runtime, parts_->supervisor, TerminateChild{Term::atom(id)}, forever);
  if (!stopped || !stopped->term.is_atom("ok")) {
    fail("stop_supervised of " + std::string(id) + ": " + (stopped ? stopped->term.text() : "no free process"));
  }
  ask_and_wait(parts_->runtime, parts_->supervisor, DeleteChild{Term::atom(id)}, forever);
}

Pid TestKit::supervised(std::string_view id) {
  const auto answer = ask_and_wait(parts_->runtime, parts_->supervisor, WhichChildren{}, forever);
  const auto children = answer ? answer->term.as_list() : std::nullopt;
  for (const Term& child : children.value_or(std::span<const Term>{})) {
    const auto parts = child.as_tuple();
    if (parts && parts->size() == 4 && (*parts)[0].is_atom(id)) {
      return (*parts)[1].as_pid().value_or(Pid{});
    }
  }
  return {};
}

// --- The test as a process ---

Pid TestKit::self() const { return parts_->process; }

void TestKit::run(const std::function<void()>& body) {
  bool done = false;
  std::exception_ptr thrown;
  troupe::send(parts_->process, RunHere{Local<std::function<void()>>([&] {
                 try {
                   body();
                 } catch (const abi::ExitNow& exit) {
                   thrown = std::make_exception_ptr(Failure("the test called exit(" + exit.reason.text() + ")"));
                 } catch (...) {
                   thrown = std::current_exception();
                 }
                 done = true;
               })});
  if (!parts_->scheduler.run_until([&] { return done; }, parts_->scheduler.clock().now() + forever)) {
    fail("the test's process has ended");
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
}

Reference TestKit::monitor(const Destination& to) {
  Reference reference;
  run([&] { reference = troupe::monitor(to); });
  return reference;
}

void TestKit::await_response(const std::function<RequestId()>& ask,
                             const std::function<void(const troupe_delivery&)>& take) {
  bool done = false;
  run([&] {
    parts_->inbox.responses[ask()] = [&](const troupe_delivery& delivery) {
      take(delivery);
      done = true;
    };
  });
  if (!parts_->scheduler.run_until([&] { return done; }, parts_->scheduler.clock().now() + forever)) {
    parts_->inbox.responses.clear();
    fail("a request was not answered within a year of virtual time");
  }
}

// --- What comes to the test ---

void TestKit::expect(const std::string& what, std::chrono::nanoseconds timeout, const Match& take) {
  std::deque<Received>& received = parts_->inbox.received;
  std::size_t looked_at = 0;
  const auto taken = [&] {
    for (; looked_at < received.size(); ++looked_at) {
      if (take(received[looked_at])) {
        received.erase(received.begin() + static_cast<std::ptrdiff_t>(looked_at));
        return true;
      }
    }
    return false;
  };
  if (!parts_->scheduler.run_until(taken, parts_->scheduler.clock().now() + timeout)) {
    fail("no " + what + " came within " + std::to_string(timeout.count() / 1'000'000) + " ms of virtual time");
  }
}

void TestKit::expect_none(const std::string& what, std::chrono::nanoseconds span, const Match& matches) {
  std::deque<Received>& received = parts_->inbox.received;
  std::size_t looked_at = 0;
  const auto found = [&] {
    while (looked_at < received.size() && !matches(received[looked_at])) {
      ++looked_at;
    }
    return looked_at < received.size();
  };
  if (parts_->scheduler.run_until(found, parts_->scheduler.clock().now() + span)) {
    fail("no " + what + " was expected, but this came: " + received[looked_at].text());
  }
}

void TestKit::expect_no_message(std::chrono::nanoseconds span) {
  expect_none("message", span, [](Received&) { return true; });
}

std::string Received::text() const {
  struct Text {
    std::string operator()(const Term& term) const { return term.text(); }
    std::string operator()(const Exit& exit) const { return abi::exit_term(exit).text(); }
    std::string operator()(const Down& down) const { return abi::down_term(down).text(); }
    std::string operator()(const NodeUp& up) const { return "{nodeup," + up.node + "}"; }
    std::string operator()(const NodeDown& down) const { return "{nodedown," + down.node + "}"; }
    std::string operator()(const Timeout& timeout) const { return "{timeout," + std::to_string(timeout.timer) + "}"; }
  };
  return std::visit(Text{}, what);
}

// --- Time, logs, replay ---

void TestKit::advance(std::chrono::nanoseconds span) { parts_->scheduler.run_for(span); }

void TestKit::settle() {
  if (!parts_->scheduler.run_ready(settle_steps_max)) {
    fail("the processes do not come to rest");
  }
}

std::vector<LogLine> TestKit::logs() const { return parts_->logs.lines(); }

LogLine TestKit::expect_log(std::string_view text, std::chrono::nanoseconds timeout) {
  std::optional<LogLine> line;
  std::uint64_t from = 0;
  const auto found = [&] {
    line = parts_->logs.find(text, from);
    return line.has_value();
  };
  if (!parts_->scheduler.run_until(found, parts_->scheduler.clock().now() + timeout)) {
    fail("no log line holds \"" + std::string(text) + "\"");
  }
  return *line;
}

std::uint64_t TestKit::seed() const { return parts_->seed; }

std::string TestKit::replay_hint() const {
  std::string hint = "TROUPE_SEED=" + std::to_string(parts_->seed) + " makes the same choices again";
  for (const LogLine& line : parts_->logs.lines()) {
    hint += "\n  log: " + line.text();
  }
  return hint;
}

void TestKit::fail(const std::string& why) const {
  std::string text = why;
  for (const Received& waiting : parts_->inbox.received) {
    text += "\n  waits for the test: " + waiting.text();
  }
  throw Failure(text + "\n" + replay_hint());
}

}  // namespace troupe::test
