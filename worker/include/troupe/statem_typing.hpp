// Which states and events a class of machines has, and whether every pair has its state function: all known when it is
// compiled. Users include troupe/statem.hpp.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "troupe/enumerator.hpp"
#include "troupe/server.hpp"
#include "troupe/statem_core.hpp"
#include "troupe/statem_events.hpp"

namespace troupe::statem {

template <class States>
struct StateStorage {
  static_assert(Enum<States>, "`states` is troupe::statem::states<...> or an enum class");
  using type = States;
};
template <class... States>
struct StateStorage<states<States...>> {
  using type = std::variant<States...>;
};
/// What holds the current state: a std::variant, or the enum.
template <class S>
using StateOf = typename StateStorage<typename S::states>::type;

template <class S>
concept StateMachine = requires {
  typename S::states;
  typename S::messages;
};

template <class E>
inline constexpr bool is_internal = false;
template <class E>
inline constexpr bool is_internal<Internal<E>> = true;
template <class E>
inline constexpr bool is_internal<StateTimeout<E>> = true;
template <class E>
inline constexpr bool is_internal<EventTimeout<E>> = true;
template <class E>
inline constexpr bool is_internal<GenericTimeout<E>> = true;

template <class E, class List>
inline constexpr bool is_listed = false;
template <class E, class... Events>
inline constexpr bool is_listed<E, messages<Events...>> = (std::is_same_v<E, Events> || ...);

template <class S, class State, class E>
concept HandlesIn = requires(S& machine, abi::Probe<State> state, abi::Probe<E> event) {
  machine.handle(state, event);
};
template <class S, class State, class E>
concept HandlesInLater = requires(S& machine, abi::Probe<State> state, abi::Probe<E> event, abi::Probe<From> from) {
  machine.handle(state, event, from);
};
template <class S, class State, class E>
inline constexpr bool has_own_function = HandlesIn<S, State, E> || HandlesInLater<S, State, E>;
template <class S, class State, class E>
inline constexpr bool has_function = has_own_function<S, State, E> || has_own_function<S, AnyState, E>;

template <class S, class State>
concept EntersFrom = requires(S& machine, abi::Probe<State> state, abi::Probe<StateOf<S>> old_state) {
  machine.enter(state, old_state);
};
template <class S, class State>
concept Enters = EntersFrom<S, State> || requires(S& machine, abi::Probe<State> state) {
  machine.enter(state);
};

template <class S, class States>
struct StateChecks {  // of an enum
  template <class E>
  static constexpr bool some_handle = has_function<S, States, E>;
  static constexpr bool some_enter = Enters<S, States> || Enters<S, AnyState>;
};
template <class S, class... States>
struct StateChecks<S, states<States...>> {
  template <class E>
  static constexpr bool some_handle = (has_function<S, States, E> || ...);
  static constexpr bool some_enter = (Enters<S, States> || ...) || Enters<S, AnyState>;
};
template <class S, class E>
inline constexpr bool handles_somewhere = StateChecks<S, typename S::states>::template some_handle<E>;
template <class S>
inline constexpr bool has_state_enter = StateChecks<S, typename S::states>::some_enter;

/// Instantiated for every pair, so that the compiler's message names the one that is missing.
template <class S, class State, class Event>
struct StateFunction {
  static_assert(has_function<S, State, Event>,
                "each state needs handle(State, Event) for exactly this event, or one for AnyState");
  static constexpr bool exists = true;
};

template <class State>
bool equal_states(const State& one, const State& other) {
  if constexpr (std::is_empty_v<State>) {
    return true;
  } else {
    static_assert(
        requires { one == other; }, "a state with fields needs operator==: whether it is another one counts");
    return one == other;
  }
}
template <class... States>
bool equal_states(const std::variant<States...>& one, const std::variant<States...>& other) {
  return one.index() == other.index() && std::visit(
                                             [&](const auto& state) {
                                               using State = std::remove_cvref_t<decltype(state)>;
                                               return equal_states(state, *std::get_if<State>(&other));
                                             },
                                             one);
}

/// The operations of one event of S: troupe/statem_process.hpp.
template <class S, class E>
const EventType& event_type();

template <class S, class E>
KeptEvent kept(E event, From from) {
  static_assert(is_listed<E, typename S::messages>, "this event is not in the class's `messages`");
  return KeptEvent(event_type<S, E>(), new E(std::move(event)), std::move(from));
}

}  // namespace troupe::statem
