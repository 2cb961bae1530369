// What runs a coroutine process: hands each message to what the coroutine waits for, or leaves it in the mailbox.
// Applications have no need to name anything here: see troupe/coroutine.hpp.
//
// A coroutine is resumed from a loop here and never from within another one, so that the stack stays flat however deep
// coroutines await each other.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "troupe/process.hpp"
#include "troupe/receive.hpp"

namespace troupe::abi {

struct Wait;

/// Of one kind of wait, such as receive<A, B>: which kept messages it may want, and how it takes one. The same object
/// always wants the same messages.
struct Wanted {
  troupe_pattern pattern;
  bool (*take)(Wait& wait, Candidate& candidate);
};

/// Something that a coroutine waits for; lives in its frame while it does.
struct Wait {
  explicit Wait(const Wanted& what) : wanted(&what) {}

  const Wanted* wanted;
  TimerReference timer = 0;
  std::coroutine_handle<> waiter;
};

/// A process's message to itself: go on.
struct GoOn {};

struct Promise;

class Sequence {
 public:
  /// Takes the coroutine over. It begins in the process's first turn. Inside the process.
  explicit Sequence(std::coroutine_handle<> body, Promise& promise);
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;
  ~Sequence();

  /// TROUPE_HANDLED or TROUPE_KEPT. Throws what left the coroutine.
  int deliver(Candidate& candidate);

  // --- For what a coroutine awaits; true when `waiter` has to suspend ---

  /// Looks at what was kept, then waits for what comes. Throws what a conversion of a kept message throws.
  bool wait(Wait& wait, std::coroutine_handle<> waiter, std::chrono::nanoseconds timeout);
  /// Waits for the answer to `request`, which is later than all that was kept before it.
  bool wait_for_response(Wait& wait, std::coroutine_handle<> waiter, RequestId request);
  void resume_next(std::coroutine_handle<> coroutine) { next_ = coroutine; }

 private:
  static constexpr unsigned taken_at_once_max = 256;

  bool take_kept(Wait& wait, const troupe_pattern& pattern);
  bool suspend(Wait& wait, std::coroutine_handle<> waiter);
  bool go_on_at_once(std::coroutine_handle<> waiter);
  bool is_own_timeout(const troupe_delivery& delivery);
  void set_timer(Wait& wait, std::chrono::nanoseconds timeout);
  void stop_timer(TimerReference timer);
  void wake();
  void run();

  std::coroutine_handle<> body_;
  Promise& promise_;
  std::coroutine_handle<> next_;
  Wait* wait_ = nullptr;                ///< Null while nothing is waited for.
  const Wanted* refused_by_ = nullptr;  ///< Does not want any of what is kept.
  /// Timers of waits that ended when they had fired already: their Timeout is still to come. Rarely any.
  std::unique_ptr<std::vector<TimerReference>> fired_late_;
  RequestId last_kept_response_ = 0;
  unsigned taken_at_once_ = 0;
  bool paused_ = false;  ///< `next_` has to wait for GoOn.
};
static_assert(sizeof(Sequence) <= 64, "it has to fit into the process itself");

/// What the promises of all coroutines have in common.
struct Promise {
  Sequence* sequence = nullptr;
  std::coroutine_handle<> awaited_by;  ///< None for a process's body.
  std::exception_ptr thrown;

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
  void rethrow() const {
    if (thrown) {
      std::rethrow_exception(thrown);
    }
  }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> finished) noexcept {
      const Promise& promise = finished.promise();
      promise.sequence->resume_next(promise.awaited_by);
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
};

inline Sequence::Sequence(std::coroutine_handle<> body, Promise& promise) : body_(body), promise_(promise) {
  promise_.sequence = this;
  next_ = body_;
  paused_ = true;
  continue_with(GoOn{});
}

inline Sequence::~Sequence() {
  if (wait_ != nullptr && wait_->timer != 0) {
    cancel_timer(wait_->timer);
  }
  body_.destroy();
}

inline int Sequence::deliver(Candidate& candidate) {
  const troupe_delivery& delivery = candidate.delivery();
  taken_at_once_ = 0;
  if (delivery.kind == TROUPE_MESSAGE && delivery.type == &message_type<GoOn>) {
    paused_ = false;
    run();
    return TROUPE_HANDLED;
  }
  if (delivery.kind == TROUPE_TIMEOUT && is_own_timeout(delivery)) {
    run();
    return TROUPE_HANDLED;
  }
  if (wait_ != nullptr && wait_->wanted->take(*wait_, candidate)) {
    wake();
    run();
    return TROUPE_HANDLED;
  }
  if (delivery.kind == TROUPE_IDLE_TIMEOUT) {
    return TROUPE_HANDLED;  // A receive says itself how long it waits.
  }
  if (delivery.kind == TROUPE_RESPONSE) {
    last_kept_response_ = delivery.number;
  }
  return TROUPE_KEPT;
}

inline bool Sequence::wait(Wait& wait, std::coroutine_handle<> waiter, std::chrono::nanoseconds timeout) {
  if (refused_by_ != wait.wanted && take_kept(wait, wait.wanted->pattern)) {
    return go_on_at_once(waiter);
  }
  refused_by_ = wait.wanted;
  if (timeout != std::chrono::nanoseconds::max()) {
    set_timer(wait, timeout);
  }
  return suspend(wait, waiter);
}

inline bool Sequence::wait_for_response(Wait& wait, std::coroutine_handle<> waiter, RequestId request) {
  if (request <= last_kept_response_) {
    troupe_pattern pattern = wait.wanted->pattern;
    pattern.response = request;
    if (take_kept(wait, pattern)) {
      return go_on_at_once(waiter);
    }
  }
  refused_by_ = nullptr;
  return suspend(wait, waiter);
}

inline bool Sequence::take_kept(Wait& wait, const troupe_pattern& pattern) {
  struct Search {
    Wait& wait;
    std::exception_ptr thrown;
  } search{wait, nullptr};
  const int taken = host().take_kept(&pattern, &search, [](void* context, const troupe_delivery* delivery) {
    auto& looking = *static_cast<Search*>(context);
    try {
      Candidate candidate(*delivery);
      return static_cast<int>(looking.wait.wanted->take(looking.wait, candidate) ? TROUPE_HANDLED : TROUPE_KEPT);
    } catch (...) {  // It may not pass through the host.
      looking.thrown = std::current_exception();
      return static_cast<int>(TROUPE_HANDLED);
    }
  });
  if (search.thrown) {
    std::rethrow_exception(search.thrown);
  }
  return taken != 0;
}

inline bool Sequence::suspend(Wait& wait, std::coroutine_handle<> waiter) {
  wait.waiter = waiter;
  wait_ = &wait;
  return true;
}

/// A coroutine that finds all it wants among what was kept must let others run once in a while all the same.
inline bool Sequence::go_on_at_once(std::coroutine_handle<> waiter) {
  if (++taken_at_once_ < taken_at_once_max || !continue_with(GoOn{})) {
    return false;
  }
  next_ = waiter;
  paused_ = true;
  return true;
}

inline bool Sequence::is_own_timeout(const troupe_delivery& delivery) {
  if (wait_ != nullptr && wait_->timer == delivery.number) {
    wait_->timer = 0;
    wake();
    return true;
  }
  return fired_late_ && std::erase(*fired_late_, delivery.number) != 0;
}

// Not inline: most waits have no timer.
[[gnu::noinline]] inline void Sequence::set_timer(Wait& wait, std::chrono::nanoseconds timeout) {
  wait.timer = start_timer(timeout);
  if (wait.timer == 0) {
    troupe::exit(Term::atom("system_limit"));
  }
}
[[gnu::noinline]] inline void Sequence::stop_timer(TimerReference timer) {
  if (cancel_timer(timer)) {
    return;
  }
  if (!fired_late_) {
    fired_late_ = std::make_unique<std::vector<TimerReference>>();
  }
  fired_late_->push_back(timer);
}

inline void Sequence::wake() {
  if (const TimerReference timer = std::exchange(wait_->timer, 0)) {
    stop_timer(timer);
  }
  next_ = std::exchange(wait_, nullptr)->waiter;
}

inline void Sequence::run() {
  while (next_ && !paused_) {
    std::exchange(next_, nullptr).resume();
  }
  if (body_.done()) {
    promise_.rethrow();
    stop();
  }
}

}  // namespace troupe::abi
