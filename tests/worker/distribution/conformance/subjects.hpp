// What OTP's own functions are tried on: a server, a state machine and a supervisor, written as any user would.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "troupe/application.hpp"
#include "troupe/process.hpp"
#include "troupe/statem.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::conformance {

struct Add {
  std::int64_t amount = 0;
};
struct Read {
  using Reply = std::int64_t;
};
struct ReadSoon {
  using Reply = std::int64_t;
};
struct Stop {
  Term reason;
};

/// Registered as `counter`: {add, N} cast or called, read, read_soon (answered 20 ms later), {stop, Reason}.
class Counter {
 public:
  using messages = troupe::messages<Add, Read, ReadSoon, Stop>;
  void handle(const Add& add) { total_ += add.amount; }
  [[nodiscard]] std::int64_t handle(Read) const { return total_; }
  void handle(ReadSoon, const From& from) {
    waiting_.emplace(troupe::start_timer(std::chrono::milliseconds(20)), from);
  }
  void handle(const Stop& stop) { troupe::exit(stop.reason); }
  void handle(Timeout timeout) {
    troupe::reply(waiting_.at(timeout.timer), total_);
    waiting_.erase(timeout.timer);
  }
  [[nodiscard]] std::map<std::string, std::int64_t> save() const { return {{"total", total_}}; }

 private:
  std::int64_t total_ = 0;
  std::map<TimerReference, From> waiting_;
};

namespace statem = troupe::statem;

struct Locked {};
struct Open {};
struct Button {
  std::int64_t digit = 0;
};
struct Opened {
  using Reply = std::int64_t;
};
struct Close {
  using Reply = Term;
};

/// Registered as `door`: {button, 7} opens it, `close` locks it and answers once it is locked, `opened` counts.
class Door {
 public:
  using states = statem::states<Locked, Open>;
  using messages = troupe::messages<Button, Opened, Close>;
  using Next = statem::Next<Door>;

  Next handle(const Locked&, const Button& button) {
    if (button.digit != 7) {
      return statem::keep_state();
    }
    ++opened_;
    return statem::next_state(Open{});
  }
  Next handle(const Open&, const Button&) { return statem::keep_state(); }
  Next handle(const Locked&, Close, const From&) { return statem::keep_state(statem::postpone); }
  Next handle(const Open&, Close, const From& from) {
    return statem::next_state(Locked{}, statem::reply(from, Term::atom("closed")));
  }
  Next handle(statem::AnyState, Opened, const From& from) { return statem::keep_state(statem::reply(from, opened_)); }

 private:
  std::int64_t opened_ = 0;
};

/// Starts `counter`, `door` and the supervisor `tree`, which keeps them and restarts them often.
Result<void> start_subjects(Runtime& runtime);

}  // namespace troupe::conformance
