// State machines: OTP's gen_statem.
//
//   namespace statem = troupe::statem;
//   struct Locked {};                                         // states
//   struct Open {};
//   struct Button { int digit; };                             // events: casts, or calls answered `ok`
//   struct Opened { using Reply = std::int64_t; };            // a call
//   struct Lock {};
//   class Door {
//    public:
//     using states = statem::states<Locked, Open>;            // or an enum class
//     using messages = troupe::messages<Button, Opened, statem::StateTimeout<Lock>>;
//     using Next = statem::Next<Door>;
//
//     Next handle(const Locked&, const Button& button) {
//       if (button.digit != 7) return statem::keep_state();
//       ++opened_;
//       return statem::next_state(Open{}, statem::state_timeout(10s, Lock{}));
//     }
//     Next handle(const Open&, const Button&) { return statem::keep_state(statem::postpone); }
//     Next handle(const Open&, const statem::StateTimeout<Lock>&) { return statem::next_state(Locked{}); }
//     void handle(const Locked&, const statem::StateTimeout<Lock>&) {}
//     Next handle(statem::AnyState, Opened, const troupe::From& from) {
//       return statem::keep_state(statem::reply(from, opened_));
//     }
//    private:
//     std::int64_t opened_ = 0;                               // OTP's Data: the members
//   };
//   const troupe::Pid door = troupe::spawn<Door>();
//
// A class with `states` is a state machine wherever a process class may stand: spawn, TROUPE_MODULE, child specs.
//
// State functions: `handle(State, Event)` or `handle(State, Event, From)` for each event in `messages` and each state,
// its own or that of AnyState; one that is missing does not compile. They return Next<Class> or nothing, which is
// keep_state. Events in `messages`: messages (calls when somebody waits for the reply; without a From they are answered
// `ok`, unless postponed), Response<M>, Internal<E>, StateTimeout<E>, EventTimeout<E>, GenericTimeout<E>. Not listed,
// but for all states once for one: Term (info, whatever no message is), Exit, Down, NodeUp, NodeDown, Timeout.
//
// Optional: `Init<Class> init()`, called once, right after the constructor, in place of the first of `states`;
// `enter(State)` or `enter(State, OldState)`, for all states once for one, the state enter calls, which return
// Entered<Class> or nothing; `terminate(const Term& reason)`; `save() const`, Data for sys:get_state, which is
// {State, Data}; `format_status() const` likewise for sys:get_status; `Args` as in troupe/server.hpp.
//
// An action is given with the transition, `next_state(Open{}, postpone, reply(from, 1))`, or added to it:
// `Next next = keep_state(); for (...) next.add(reply(one, 1)); return next;`.
//
// Not here: `hibernate`, absolute time ({abs, true}: give `when - troupe::now()`), change of the callback module, and
// `load`: when its module is replaced a machine starts anew.
// Source: stdlib's gen_statem of OTP 25; tests/differential holds both against each other.
#pragma once

#include <chrono>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "troupe/process.hpp"
#include "troupe/statem_core.hpp"
#include "troupe/statem_events.hpp"
#include "troupe/statem_typing.hpp"

namespace troupe::statem {

// --- Actions ---

struct Postpone {};
/// The event is handled again once the machine is in another state, before anything newer.
inline constexpr Postpone postpone{};

template <class E>
struct NextEvent {
  E event;
  From from;
};
/// Handled next, before all that waits; of several the first one first. Any event of `messages`: Internal{...} above
/// all, but a message too, as if it had been cast.
template <class E>
NextEvent<E> next_event(E event) {
  return {std::move(event), {}};
}
/// As if `from` had called it.
template <class E>
NextEvent<E> next_event(const From& from, E event) {
  return {std::move(event), from};
}

struct Cancel {};
struct Update {};
/// In place of a time: stops the timeout.
inline constexpr Cancel cancel{};
/// In place of a time: gives a running timeout another content; one that does not run is due at once.
inline constexpr Update update{};

template <class Event>
struct StartTimeout {
  TimeoutKind kind;
  TimeoutChange::What what;
  std::chrono::nanoseconds delay;
  Term name;
  Event event;
};
struct CancelTimeout {
  TimeoutKind kind;
  Term name;
};

/// Comes as StateTimeout<E> unless the machine is in another state by then. At once when `delay` is 0, but after
/// inserted and postponed events. One started again, here and below, replaces the one that runs.
template <class E = std::monostate>
StartTimeout<StateTimeout<E>> state_timeout(std::chrono::nanoseconds delay, E content = {}) {
  return {TimeoutKind::state, TimeoutChange::What::start, delay, {}, {std::move(content)}};
}
template <class E>
StartTimeout<StateTimeout<E>> state_timeout(Update, E content) {
  return {TimeoutKind::state, TimeoutChange::What::update, {}, {}, {std::move(content)}};
}
inline CancelTimeout state_timeout(Cancel) { return {TimeoutKind::state, {}}; }

/// Comes as EventTimeout<E> unless any other event comes first. OTP's {timeout, Time, Content}.
template <class E = std::monostate>
StartTimeout<EventTimeout<E>> event_timeout(std::chrono::nanoseconds delay, E content = {}) {
  return {TimeoutKind::event, TimeoutChange::What::start, delay, {}, {std::move(content)}};
}
template <class E>
StartTimeout<EventTimeout<E>> event_timeout(Update, E content) {
  return {TimeoutKind::event, TimeoutChange::What::update, {}, {}, {std::move(content)}};
}
inline CancelTimeout event_timeout(Cancel) { return {TimeoutKind::event, {}}; }

/// Comes as GenericTimeout<E>, whatever happens meanwhile; any number of them run, told apart by `name`. OTP's
/// {{timeout, Name}, Time, Content}.
template <class E = std::monostate>
StartTimeout<GenericTimeout<E>> generic_timeout(Term name, std::chrono::nanoseconds delay, E content = {}) {
  return {TimeoutKind::generic, TimeoutChange::What::start, delay, name, {name, std::move(content)}};
}
template <class E>
StartTimeout<GenericTimeout<E>> generic_timeout(Term name, Update, E content) {
  return {TimeoutKind::generic, TimeoutChange::What::update, {}, name, {name, std::move(content)}};
}
inline CancelTimeout generic_timeout(Term name, Cancel) { return {TimeoutKind::generic, std::move(name)}; }

template <class R>
struct Reply {
  From from;
  R value;
};
/// Answers a call; `troupe::reply` does so at any other time.
template <class R>
Reply<R> reply(From from, R value) {
  return {std::move(from), std::move(value)};
}

// --- Transitions ---

template <Decision::Go to, class State, class... Actions>
struct Transition {
  State state;
  Term reason;
  std::tuple<Actions...> actions;
};
struct SameState {};

/// Another state is entered: its `enter` is called, postponed events come again. The same state is keep_state.
template <class State, class... Actions>
Transition<Decision::Go::next_state, State, Actions...> next_state(State state, Actions... actions) {
  return {std::move(state), {}, {std::move(actions)...}};
}
template <class... Actions>
Transition<Decision::Go::keep_state, SameState, Actions...> keep_state(Actions... actions) {
  return {{}, {}, {std::move(actions)...}};
}
/// keep_state, but `enter` is called again.
template <class... Actions>
Transition<Decision::Go::repeat_state, SameState, Actions...> repeat_state(Actions... actions) {
  return {{}, {}, {std::move(actions)...}};
}
/// Ends the machine, once the replies are sent. OTP's stop and stop_and_reply.
template <class... Replies>
Transition<Decision::Go::stop, SameState, Replies...> stop(Term reason = Term::atom("normal"), Replies... replies) {
  return {{}, std::move(reason), {std::move(replies)...}};
}
/// What init() answers: OTP's {ok, State, Data, Actions}.
template <class State, class... Actions>
Transition<Decision::Go::next_state, State, Actions...> ok(State state, Actions... actions) {
  return next_state(std::move(state), std::move(actions)...);
}

/// Which callback answers: not every action makes sense for each.
enum class Callback { state_function, enter, init };

template <class S, Callback callback>
class Verdict {
 public:
  /// From any of the transitions above.
  template <Decision::Go to, class State, class... Actions>
  Verdict(Transition<to, State, Actions...> transition) {  // NOLINT(google-explicit-constructor)
    static_assert(callback != Callback::enter || to != Decision::Go::next_state,
                  "a state enter call cannot change the state");
    static_assert(callback != Callback::init || to == Decision::Go::next_state, "init() answers ok(State, ...)");
    decision_.go = to;
    decision_.stop_reason = std::move(transition.reason);
    if constexpr (to == Decision::Go::next_state) {
      static_assert(std::is_constructible_v<StateOf<S>, State>, "this is none of the class's `states`");
      state_.emplace(std::move(transition.state));
    }
    std::apply([this](auto&... action) { (add(std::move(action)), ...); }, transition.actions);
  }

  void add(Postpone) {
    static_assert(callback == Callback::state_function, "only a state function can postpone its event");
    decision_.postpone = true;
  }
  template <class E>
  void add(NextEvent<E> action) {
    static_assert(callback != Callback::enter, "a state enter call cannot insert events");
    decision_.next_events.push_back(kept<S>(std::move(action.event), action.from));
  }
  template <class Event>
  void add(StartTimeout<Event> action) {
    decision_.timeouts.push_back(
        {action.kind, action.what, std::move(action.name), action.delay, kept<S>(std::move(action.event), {})});
  }
  void add(CancelTimeout action) {
    decision_.timeouts.push_back({action.kind, TimeoutChange::What::cancel, std::move(action.name), {}, {}});
  }
  /// Sent at once: nothing that another process could see happens before the callback returns.
  template <class R>
  void add(Reply<R> action) {
    troupe::reply(action.from, std::move(action.value));
  }

  Decision take_decision() { return std::move(decision_); }
  std::optional<StateOf<S>>& state() { return state_; }

 private:
  Decision decision_;
  std::optional<StateOf<S>> state_;
};

template <class S>
using Next = Verdict<S, Callback::state_function>;
template <class S>
using Entered = Verdict<S, Callback::enter>;
template <class S>
using Init = Verdict<S, Callback::init>;

}  // namespace troupe::statem

#include "troupe/statem_process.hpp"
