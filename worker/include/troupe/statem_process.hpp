// From a class with states to a process class: what arrives is an event, and an event finds its state function. Users
// include troupe/statem.hpp.
#pragma once

#include <string>

#include "troupe/forwarding.hpp"
#include "troupe/statem.hpp"

namespace troupe::statem {

template <class S>
class Process;

template <class S, class List>
struct EventLists;
template <class S, class... Events>
struct EventLists<S, messages<Events...>> {
  using FromOutside = typename abi::Joined<messages<StatemResume>, abi::If<!is_internal<Events>, Events>...>::type;
  using All = typename abi::Joined<FromOutside, messages<Timeout>, abi::If<handles_somewhere<S, Term>, Term>,
                                   abi::If<handles_somewhere<S, Exit>, Exit>, abi::If<handles_somewhere<S, Down>, Down>,
                                   abi::If<handles_somewhere<S, NodeUp>, NodeUp>,
                                   abi::If<handles_somewhere<S, NodeDown>, NodeDown>>::type;
};
template <class S>
using Lists = EventLists<S, typename S::messages>;

template <class S>
struct StartArguments {};
template <class S>
requires requires { typename S::Args; }
struct StartArguments<S> {
  using Args = typename S::Args;
};

/// An ordinary process class (troupe/server.hpp) around one machine.
template <class S>
class Process final : public Core,
                      public abi::ForwardAll<Process<S>, typename Lists<S>::All>,
                      public StartArguments<S> {
 public:
  using messages = typename Lists<S>::FromOutside;
  using named_after = S;
  using abi::ForwardAll<Process<S>, typename Lists<S>::All>::handle;

  template <class... Arguments>
  requires std::is_constructible_v<S, Arguments...>
  explicit Process(Arguments&&... arguments) : machine_(std::forward<Arguments>(arguments)...) {
    if constexpr (requires { machine_.init(); }) {
      Init<S> init = machine_.init();
      state_ = std::move(*init.state());
      begin_with(init.take_decision(), has_state_enter<S>);
    } else if constexpr (has_state_enter<S>) {
      begin_with({}, true);
    }
  }

  template <class E>
  void forward(E& event, const From& from) {
    receive(event_type<S, E>(), &event, from);
  }
  void forward(StatemResume& /*message*/, const From& /*from*/) { resume(); }
  void forward(Timeout& timeout, const From& from) {
    if (!receive_timeout(timeout.timer)) {
      if constexpr (handles_somewhere<S, Timeout>) {
        receive(event_type<S, Timeout>(), &timeout, from);
      }
    }
  }

  /// Calls the state function. The caller is answered `ok` where that has no From.
  template <class E>
  Decision run(const E& event, const From& from) {
    return in_state(state_, [&](const auto& state) { return run_in(state, event, from); });
  }

  void terminate(const Term& reason) requires requires(S& machine, const Term& r) { machine.terminate(r); }
  { machine_.terminate(reason); }

  /// {State, Data}
  [[nodiscard]] Term save() const {
    if constexpr (Saves<S>) {
      return Term::tuple({to_term(state_), to_term(machine_.save())});
    } else {
      return Term::tuple({to_term(state_), Term::atom("undefined")});
    }
  }
  /// What sys:get_status shows of a gen_statem.
  [[nodiscard]] Term status_misc(const system_messages::Subject& subject) const {
    using system_messages::data, system_messages::named;
    Term shown;
    if constexpr (system_messages::FormatsStatus<S>) {
      shown = Term::tuple({to_term(state_), to_term(machine_.format_status())});
    } else {
      shown = save();
    }
    return Term::list(
        {system_messages::header("Status for state machine ", subject.self),
         data({named("Status", subject.status()), named("Parent", subject.parent_term()),
               named("Modules", Term::list({Term::atom(abi::class_name<S>())})), named("Time-outs", running_timeouts()),
               named("Logged Events", Term::list({})), named("Postponed", postponed_events())}),
         data({named("State", std::move(shown))})});
  }

 private:
  template <class State, class Use>
  static Decision in_state(const State& state, Use use) {
    if constexpr (Enum<State>) {
      return use(state);
    } else {
      return std::visit(use, state);
    }
  }

  template <class State, class E>
  Decision run_in(const State& state, const E& event, const From& from) {
    static_assert(StateFunction<S, State, E>::exists);
    if constexpr (HandlesInLater<S, State, E>) {
      return decided<Next<S>>([&] { return machine_.handle(state, event, from); });
    } else if constexpr (HandlesIn<S, State, E>) {
      return decided<Next<S>>([&] { return machine_.handle(state, event); }, true);
    } else if constexpr (HandlesInLater<S, AnyState, E>) {
      return decided<Next<S>>([&] { return machine_.handle(AnyState{}, event, from); });
    } else {
      return decided<Next<S>>([&] { return machine_.handle(AnyState{}, event); }, true);
    }
  }

  template <class State>
  Decision enter_in(const State& state) {
    if constexpr (EntersFrom<S, State>) {
      return decided<Entered<S>>([&] { return machine_.enter(state, state_); });
    } else if constexpr (Enters<S, State>) {
      return decided<Entered<S>>([&] { return machine_.enter(state); });
    } else if constexpr (EntersFrom<S, AnyState>) {
      return decided<Entered<S>>([&] { return machine_.enter(AnyState{}, state_); });
    } else {
      static_assert(Enters<S, AnyState>, "each state needs enter(State), or one for AnyState, once one of them has it");
      return decided<Entered<S>>([&] { return machine_.enter(AnyState{}); });
    }
  }

  template <class Answer, class Call>
  Decision decided(Call call, bool answer_caller = false) {
    Decision decision;
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
    } else {
      static_assert(std::is_convertible_v<decltype(call()), Answer>,
                    "a state function returns Next<Class>, a state enter call Entered<Class>, or nothing");
      Answer answer = call();
      decision = answer.take_decision();
      if (answer.state()) {
        next_ = std::move(answer.state());
      }
    }
    decision.answer_caller = answer_caller;
    return decision;
  }

  Decision enter() override {
    if constexpr (has_state_enter<S>) {
      const StateOf<S> entered = next_ ? *next_ : state_;
      return in_state(entered, [&](const auto& state) { return enter_in(state); });
    } else {
      return {};
    }
  }
  [[nodiscard]] bool state_differs() const override { return next_ && !equal_states(*next_, state_); }
  void change_state() override {
    if (next_) {
      state_ = std::move(*next_);
      next_.reset();
    }
  }

  S machine_;
  StateOf<S> state_{};
  std::optional<StateOf<S>> next_;
};

template <class E>
Term describe(const E& event) {
  const auto named = [](const char* name, const auto& content) {
    return Term::tuple({Term::atom(name), to_term(content)});
  };
  if constexpr (struct_term::is_a<E, Internal>) {
    return named("internal", event.content);
  } else if constexpr (struct_term::is_a<E, StateTimeout>) {
    return named("state_timeout", event.content);
  } else if constexpr (struct_term::is_a<E, EventTimeout>) {
    return named("timeout", event.content);
  } else if constexpr (struct_term::is_a<E, GenericTimeout>) {
    return Term::tuple({Term::tuple({Term::atom("timeout"), event.name}), to_term(event.content)});
  } else if constexpr (abi::is_response<E>) {
    return named("info", Term::atom("response"));
  } else {
    return named("cast", event);
  }
}

template <class S, class E>
const EventType& event_type() {
  static constexpr EventType type{[](Core& machine, const void* value, const From& from) {
                                    return static_cast<Process<S>&>(machine).run(*static_cast<const E*>(value), from);
                                  },
                                  [](void* value) -> void* { return new E(std::move(*static_cast<E*>(value))); },
                                  [](void* kept) { delete static_cast<E*>(kept); },
                                  [](const void* value) { return describe(*static_cast<const E*>(value)); }};
  return type;
}

}  // namespace troupe::statem

namespace troupe::abi {

template <statem::StateMachine S>
struct ProcessState<S> {
  using type = statem::Process<S>;
};
template <statem::StateMachine S>
inline troupe_process_class& process_class<S> = process_class<statem::Process<S>>;

}  // namespace troupe::abi
