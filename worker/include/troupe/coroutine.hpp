// Processes that read from top to bottom, as Erlang's do: a coroutine that waits for messages where it needs them.
//
//   troupe::Coroutine<> session(Pid server, std::string user) {
//     const auto login = co_await troupe::call(server, Login{}, 5s);
//     if (!login.ok()) {
//       co_return;                                                      // ends with `normal`
//     }
//     for (;;) {
//       auto next = co_await troupe::receive<Say, Call<Who>, Leave>(60s);
//       if (!next || std::holds_alternative<Leave>(*next)) {            // no value: nobody spoke for a minute
//         break;
//       }
//       if (const auto* who = std::get_if<Call<Who>>(&*next)) {
//         who->reply(user);
//       }
//     }
//     co_await troupe::sleep(100ms);
//   }
//   ...
//   const Pid pid = troupe::spawn<session>(server, std::string("ada"));
//
// **Selective receive.** Messages that no alternative wants stay in the mailbox, in their order, where a later receive
// finds them; they count towards its bounds, so what nobody ever receives ends as `full` for the senders. A receive
// that waits for the same as the one before looks at no message twice, and the answer to a call is found without
// looking at any.
//
// **Beginning and end.** The body begins in the new process's first turn, after `spawn` has returned. Its arguments are
// moved into its frame, so its parameters are values. What it throws ends the process as a throwing handler does;
// returning ends it with `normal`; an exit signal or `kill` destroys the frame where it waits, with all its objects.
// Exit signals are messages after `trap_exits(true)`, that of the parent too: it is a plain process, no gen_server.
//
// **Parts.** A coroutine may await another, `Coroutine<T>`, which gives it a T or throws into it.
//
// **What a co_await expression must not hold**: g++ 12 destroys a struct built with braces, or a lambda that captures,
// twice when it stands inside of one. `call` refuses to compile what it can see of it; give the value a name first:
//   auto answer = troupe::call(server, Put{"tea", 3}, 5s);
//   const auto put = co_await answer;
// Nor may a co_await stand bare in the condition of an if, while or switch: where the function has no local variable
// g++ 12 then builds a broken coroutine, without a word. Name what it gives:
//   if (const auto red = co_await troupe::receive<Red>(1s)) { ... }
#pragma once

#include <chrono>
#include <coroutine>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "troupe/process.hpp"
#include "troupe/receive.hpp"
#include "troupe/sequence.hpp"

namespace troupe {

template <class T = void>
class Coroutine;

namespace abi {

/// Whether a coroutine of this runtime may await it.
template <class A>
inline constexpr bool is_awaitable = false;
/// Whether it may stand in the co_await expression that makes it. See above.
template <class A>
inline constexpr bool may_be_unnamed = true;

template <class T>
struct PromiseOf;

struct PromiseBase : Promise {
  template <class A>
  requires is_awaitable<std::remove_cvref_t<A>> A && await_transform(A&& awaited) {
    static_assert(std::is_lvalue_reference_v<A> || may_be_unnamed<A>,
                  "g++ 12 would destroy the request twice: auto answer = troupe::call(...); co_await answer;");
    return std::forward<A>(awaited);
  }
};
template <class T>
struct PromiseOf : PromiseBase {
  std::optional<T> result;
  Coroutine<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
};
template <>
struct PromiseOf<void> : PromiseBase {
  Coroutine<void> get_return_object();
  void return_void() {}
};

}  // namespace abi

/// Owns a coroutine that has not ended: a process's body (of void), or a part that another one awaits.
template <class T>
class [[nodiscard]] Coroutine {
 public:
  using promise_type = abi::PromiseOf<T>;

  explicit Coroutine(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  Coroutine(Coroutine&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Coroutine& operator=(Coroutine&&) = delete;
  ~Coroutine() {
    if (frame_) {
      frame_.destroy();
    }
  }

  // --- Awaited once, by another coroutine ---
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> suspended) {
    abi::Promise& promise = frame_.promise();
    promise.sequence = suspended.promise().sequence;
    promise.awaited_by = suspended;
    promise.sequence->resume_next(frame_);
  }
  T await_resume() {
    frame_.promise().rethrow();
    if constexpr (!std::is_void_v<T>) {
      return std::move(*frame_.promise().result);
    }
  }

  /// For the process that runs it.
  std::coroutine_handle<promise_type> release() { return std::exchange(frame_, nullptr); }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace abi {

template <class T>
inline constexpr bool is_awaitable<Coroutine<T>> = true;

template <class T>
Coroutine<T> PromiseOf<T>::get_return_object() {
  return Coroutine<T>(std::coroutine_handle<PromiseOf<T>>::from_promise(*this));
}
inline Coroutine<void> PromiseOf<void>::get_return_object() {
  return Coroutine<void>(std::coroutine_handle<PromiseOf<void>>::from_promise(*this));
}

/// receive<As...>: Result is Received<As...>, or std::optional of it when there is a timeout.
template <class Result, class... As>
class Receive : private Wait {
 public:
  explicit Receive(std::chrono::nanoseconds timeout) : Wait(wanted), timeout_(timeout) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> suspended) {
    return suspended.promise().sequence->wait(*this, suspended, timeout_);
  }
  Result await_resume() {
    if constexpr (std::is_same_v<Result, Received<As...>>) {
      return std::move(*received_);
    } else {
      return std::move(received_);
    }
  }

 private:
  static bool take(Wait& wait, Candidate& candidate) {
    return take_first_of<As...>(candidate, static_cast<Receive&>(wait).received_);
  }
  static constexpr Wanted wanted{pattern_of<As...>, &take};

  std::chrono::nanoseconds timeout_;
  std::optional<Received<As...>> received_;
};
template <class Result, class... As>
inline constexpr bool is_awaitable<Receive<Result, As...>> = true;

class Sleep : private Wait {
 public:
  explicit Sleep(std::chrono::nanoseconds time) : Wait(wanted), time_(time) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> suspended) {
    return suspended.promise().sequence->wait(*this, suspended, time_);
  }
  void await_resume() const noexcept {}

 private:
  static bool take(Wait& /*wait*/, Candidate& /*candidate*/) { return false; }
  static constexpr Wanted wanted{{sizeof(troupe_pattern), 0, nullptr, 0, 0}, &take};

  std::chrono::nanoseconds time_;
};
template <>
inline constexpr bool is_awaitable<Sleep> = true;

}  // namespace abi

/// A request that is under way. Awaited once; an answer that nobody awaits can be received as Response<M>.
template <class M>
class Answer : private abi::Wait {
 public:
  explicit Answer(RequestId request) : abi::Wait(wanted), request_(request) {}

  [[nodiscard]] RequestId request() const { return request_; }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> suspended) {
    return suspended.promise().sequence->wait_for_response(*this, suspended, request_);
  }
  Response<M> await_resume() { return std::move(*response_); }

 private:
  static bool take(abi::Wait& wait, abi::Candidate& candidate) {
    auto& answer = static_cast<Answer&>(wait);
    if (!candidate.is(TROUPE_RESPONSE) || candidate.delivery().number != answer.request_) {
      return false;
    }
    answer.response_.emplace(abi::make_response<M>(candidate.delivery()));
    return true;
  }
  static constexpr abi::Wanted wanted{{sizeof(troupe_pattern), abi::kind_bit(TROUPE_RESPONSE), nullptr, 0, 0}, &take};

  RequestId request_;
  std::optional<Response<M>> response_;
};
template <class M>
inline constexpr bool abi::is_awaitable<Answer<M>> = true;
template <class M>
inline constexpr bool abi::may_be_unnamed<Answer<M>> = std::is_trivially_destructible_v<M> || !std::is_aggregate_v<M>;

/// Waits for the oldest message that is one of the alternatives (troupe/receive.hpp); the alternative itself, or a
/// std::variant when there are several.
template <class... As>
[[nodiscard]] auto receive() {
  static_assert(sizeof...(As) > 0, "receive what?");
  return abi::Receive<Received<As...>, As...>(std::chrono::nanoseconds::max());
}
/// Erlang's `after`: a std::optional of the same, empty when nothing wanted has come within `timeout`. With zero only
/// what has arrived is looked at. Ends the process with `system_limit` when no timer can be had.
template <class... As>
[[nodiscard]] auto receive(std::chrono::nanoseconds timeout) {
  static_assert(sizeof...(As) > 0, "to wait for time alone is troupe::sleep");
  return abi::Receive<std::optional<Received<As...>>, As...>(timeout);
}

/// gen_server:call without its exits: sends now, and awaiting it gives the Response<M>, whose reason says why there is
/// no reply (`timeout`, `noproc`, ...). Inside a process.
template <class M>
[[nodiscard]] Answer<M> call(const Destination& to, M request, std::chrono::nanoseconds timeout) {
  return Answer<M>(send_request(to, std::move(request), timeout));
}

/// Messages that come meanwhile stay in the mailbox. Never shorter than `time`.
[[nodiscard]] inline abi::Sleep sleep(std::chrono::nanoseconds time) { return abi::Sleep(time); }

namespace abi {

template <auto Body>
constexpr std::string_view function_name() {
  std::string_view name = __PRETTY_FUNCTION__;
  const std::size_t start = name.find("Body = ") + 7;
  name = name.substr(start, name.find_first_of(";]", start) - start);
  name = name.substr(0, name.find('<'));
  return name.substr(name.find_last_of(":&") + 1);
}

/// `Args` when a body's only parameter is a struct: what a resource or supervisor fills from start arguments.
template <class... Parameters>
struct StartArguments {};
template <Aggregate Only>
struct StartArguments<Only> {
  using Args = Only;
};

}  // namespace abi

/// The process class of a coroutine function: for TROUPE_MODULE(...) and supervisors' child specs. It is called as the
/// function is; start arguments fill the function's parameter when that is one struct.
template <auto Body>
class CoroutineProcess {
  static_assert(Body == nullptr, "a body is a function that returns troupe::Coroutine<>");
};
template <class... Parameters, Coroutine<> (*Body)(Parameters...)>
class CoroutineProcess<Body> : public abi::StartArguments<Parameters...> {
  static_assert((!std::is_reference_v<Parameters> && ...),
                "a coroutine's parameters are values: what a reference means is gone when it runs");

 public:
  using messages = troupe::messages<>;
  static constexpr bool handles_parent_exit = true;
  static constexpr std::string_view own_class_name() { return abi::function_name<Body>(); }

  template <class... Arguments>
  requires std::is_invocable_v<decltype(Body), Arguments...>
  explicit CoroutineProcess(Arguments&&... arguments)
      : CoroutineProcess(Body(std::forward<Arguments>(arguments)...).release(), Begin{}) {}

  int take_delivery(const troupe_delivery& delivery) {
    abi::Candidate candidate(delivery);
    if (const auto asked = candidate.system_request()) [[unlikely]] {
      answer(*asked, delivery.status != 0);
      return TROUPE_HANDLED;
    }
    return sequence_.deliver(candidate);
  }

 private:
  [[gnu::noinline]] void answer(const system_messages::Request& asked, bool suspended) {
    reply<Term>(asked.from,
                system_messages::answer(*this, asked.what, {own_class_name(), self(), parent(), suspended}));
  }
  struct Begin {};
  CoroutineProcess(std::coroutine_handle<abi::PromiseOf<void>> frame, Begin) : sequence_(frame, frame.promise()) {}

  abi::Sequence sequence_;
};

/// As `spawn<S>` and its sisters, of a function that returns Coroutine<>.
template <auto Body, class... Arguments>
Pid spawn_with(const SpawnOptions& options, Arguments&&... arguments) {
  return spawn_with<CoroutineProcess<Body>>(options, std::forward<Arguments>(arguments)...);
}
template <auto Body, class... Arguments>
Pid spawn(Arguments&&... arguments) {
  return spawn<CoroutineProcess<Body>>(std::forward<Arguments>(arguments)...);
}
template <auto Body, class... Arguments>
Pid spawn_link(Arguments&&... arguments) {
  return spawn_link<CoroutineProcess<Body>>(std::forward<Arguments>(arguments)...);
}
template <auto Body, class... Arguments>
std::pair<Pid, Reference> spawn_monitor(Arguments&&... arguments) {
  return spawn_monitor<CoroutineProcess<Body>>(std::forward<Arguments>(arguments)...);
}

}  // namespace troupe
