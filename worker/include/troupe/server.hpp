// From a plain C++ class to a process class: finds the `handle` overload for what arrives.
//
//   struct Add { std::int64_t amount; };                // no reply
//   struct Read { using Reply = std::int64_t; };        // replied to
//   class Counter {
//    public:
//     using messages = troupe::messages<Add, Read>;
//     void handle(Add add) { total_ += add.amount; }
//     std::int64_t handle(Read) { return total_; }
//     ...
//
// A message in `messages` has one of: `void handle(M)`, `R handle(M)` (R is the reply), `void handle(M, From)` (reply
// later with `troupe::reply`). Optional beside them: handle(Term) for terms that are none of the messages,
// handle(Exit), handle(Down), handle(NodeUp), handle(NodeDown), handle(Timeout), handle(IdleTimeout),
// `void terminate(const Term& reason)`, `save() const` and `static load` (its state as a term: troupe/saved_state.hpp),
// `void shrink()` (lets go of memory when it hibernates), and `struct Args` with a constructor that takes it, filled
// from the start arguments. From Erlang the message is the term itself, sent, cast or called.
#pragma once

#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

#include "troupe/events.hpp"
#include "troupe/messages.hpp"
#include "troupe/system_messages.hpp"

namespace troupe {

/// Answers a request, at any time and from any process; the first reply counts. False when the caller is known to be
/// gone.
template <class R>
bool reply(const From& from, R value);

namespace abi {

/// Thrown by troupe::exit(reason); never leaves the image.
struct ExitNow {
  Term reason;
};

/// What lives in the memory of a process of class S: an S, unless a behaviour such as troupe/statem.hpp wraps it.
template <class S>
struct ProcessState {
  using type = S;
};
template <class S>
using process_state = typename ProcessState<S>::type;

inline std::string demangled(const char* mangled) {
  int status = 0;
  char* const readable = ::abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 && readable != nullptr ? readable : mangled;
  std::free(readable);  // NOLINT: allocated by the C++ runtime with malloc
  return name;
}

inline void fail(const Term& reason, bool crash) {
  with_term(reason, [&](const troupe_term* term) { host().fail(term, crash ? 1 : 0); });
}

/// Runs a callback of the user's; what it throws becomes an exit reason, so that nothing of C++ crosses the ABI.
template <class Body>
[[gnu::always_inline]] inline int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const ExitNow& exit) {
    fail(exit.reason, false);
  } catch (const std::exception& error) {
    fail(Term::tuple(
             {Term::atom("exception"), Term::binary(error.what()), Term::binary(demangled(typeid(error).name()))}),
         true);
  } catch (...) {
    fail(Term::tuple({Term::atom("exception"), Term::binary("not a std::exception"), Term::binary("unknown")}), true);
  }
  return TROUPE_FAILED;
}

inline From from_caller(const troupe_caller& caller) {
  From from{from_abi(caller.pid), from_abi(caller.reference), std::nullopt};
  if (caller.has_tag != 0) {
    from.tag = take_term(caller.tag);
  }
  return from;
}

template <class R>
bool reply_to(const troupe_caller& caller, R value) {
  if constexpr (std::is_same_v<R, Term>) {
    int sent = 0;
    with_term(value, [&](const troupe_term* term) { sent = host().reply_term(&caller, term); });
    return sent == TROUPE_SENT;
  } else {
    return host().reply_value(&caller, new_value<R>(std::move(value))) == TROUPE_SENT;
  }
}

template <class M>
inline constexpr bool is_response = false;
template <class M>
inline constexpr bool is_response<Response<M>> = true;

template <class S, class M>
concept Handles = requires(S& state, Probe<M> message) {
  state.handle(message);
};
template <class S, class M>
concept HandlesLater = requires(S& state, Probe<M> message, Probe<From> from) {
  state.handle(message, from);
};

/// Calls the overload for M and answers `caller`, if any.
template <class S, class M>
int handle_value(S& state, M& message, const troupe_caller* caller) {
  if constexpr (HandlesLater<S, M>) {
    state.handle(std::move(message), caller != nullptr ? from_caller(*caller) : From{});
  } else {
    using R = decltype(state.handle(std::move(message)));
    if constexpr (std::is_void_v<R>) {
      state.handle(std::move(message));
      if (caller != nullptr) {
        reply_to(*caller, Term::atom("ok"));
      }
    } else {
      static_assert(!std::is_reference_v<R>, "a reply is a value");
      if constexpr (requires { typename M::Reply; }) {
        static_assert(std::is_same_v<R, typename M::Reply>, "handle(M) must return M::Reply");
      }
      R result = state.handle(std::move(message));
      if (caller != nullptr) {
        reply_to<R>(*caller, std::move(result));
      }
    }
  }
  return TROUPE_HANDLED;
}

template <class S, class M>
bool try_value(S& state, const troupe_delivery& delivery) {
  if constexpr (!is_response<M>) {
    if (delivery.type == &message_type<M>) {
      handle_value<S, M>(state, *static_cast<M*>(delivery.value), delivery.caller);
      return true;
    }
  }
  return false;
}

/// The tag of a message as it arrives: a bare atom or the first element of a tuple.
inline std::string_view tag_of(const Term& term) {
  if (const auto atom = term.as_atom()) {
    return *atom;
  }
  if (const auto tuple = term.as_tuple(); tuple && !tuple->empty()) {
    return (*tuple)[0].as_atom().value_or(std::string_view{});
  }
  return {};
}

template <class S, class M>
bool try_term(S& state, const Term& term, std::string_view tag, const troupe_caller* caller) {
  if constexpr (!is_response<M>) {
    if (tag == tag_name<M>()) {
      if (auto message = from_term<M>(term)) {
        handle_value<S, M>(state, *message, caller);
        return true;
      }
    }
  }
  return false;
}

template <class S>
constexpr std::string_view class_name();

template <class S, class... Messages>
int handle_term(S& state, const Term& term, const troupe_delivery& delivery, messages<Messages...>) {
  const troupe_caller* const caller = delivery.caller;
  const std::string_view tag = tag_of(term);
  if (tag == "system" && caller == nullptr) {
    if (const auto request = system_messages::read(term)) {
      reply<Term>(request->from, system_messages::answer(state, request->what,
                                                         {class_name<S>(), from_abi(host().self()),
                                                          from_abi(host().parent()), delivery.status != 0}));
      return TROUPE_HANDLED;
    }
  }
  if (!tag.empty() && (try_term<S, Messages>(state, term, tag, caller) || ...)) {
    return TROUPE_HANDLED;
  }
  if constexpr (HandlesLater<S, Term> || Handles<S, Term>) {
    Term other = term;
    return handle_value<S, Term>(state, other, caller);
  } else {
    return TROUPE_NOT_UNDERSTOOD;
  }
}

inline Term value_as_term(const troupe_message_type& type, const void* value) {
  Term term;
  type.to_term(value, {&term, [](void* context, const troupe_term* given) {
                         *static_cast<Term*>(context) = take_term(*given);
                       }});
  return term;
}

/// A term, or a value of none of the class's own types.
template <class S, class... Messages>
int handle_message(S& state, const troupe_delivery& delivery, messages<Messages...> list) {
  const Term term = delivery.type == nullptr ? take_term(delivery.term) : value_as_term(*delivery.type, delivery.value);
  return handle_term(state, term, delivery, list);
}

/// Fills a Response from a typed value or a term.
template <class M>
Response<M> make_response(const troupe_delivery& delivery) {
  using Reply = typename Response<M>::Reply;
  Response<M> response;
  response.request = delivery.number;
  if (delivery.status != 0) {
    response.reason = take_term(delivery.term);
    return response;
  }
  if (delivery.type != nullptr && delivery.type == &message_type<Reply>) {
    response.reply = std::move(*static_cast<Reply*>(delivery.value));
    return response;
  }
  Term term = delivery.type != nullptr ? value_as_term(*delivery.type, delivery.value) : take_term(delivery.term);
  if constexpr (std::is_same_v<Reply, Term>) {
    response.reply = std::move(term);
  } else if constexpr (std::is_same_v<Reply, std::monostate>) {
    response.reply.emplace();
  } else if (auto value = from_term<Reply>(term)) {
    response.reply = std::move(*value);
  } else {
    response.reason = Term::tuple({Term::atom("bad_reply"), std::move(term)});
  }
  return response;
}

template <class S, class M>
bool try_response(S& state, const troupe_delivery& delivery) {
  if constexpr (is_response<M>) {
    if (delivery.request_type == &message_type<typename M::Request>) {
      state.handle(make_response<typename M::Request>(delivery));
      return true;
    }
  }
  return false;
}

template <class S, class... Messages>
int handle_response(S& state, const troupe_delivery& delivery, messages<Messages...>) {
  return (try_response<S, Messages>(state, delivery) || ...) ? TROUPE_HANDLED : TROUPE_NOT_UNDERSTOOD;
}

/// An event goes to its own overload, else as the term it is in Erlang to handle(Term).
template <class S, class Event, class AsTerm>
int handle_event(S& state, Event event, AsTerm as_term) {
  if constexpr (Handles<S, Event>) {
    state.handle(std::move(event));
    return TROUPE_HANDLED;
  } else if constexpr (Handles<S, Term>) {
    state.handle(as_term(event));
    return TROUPE_HANDLED;
  } else {
    return TROUPE_NOT_UNDERSTOOD;
  }
}

inline Exit exit_of(const troupe_delivery& delivery) { return {from_abi(delivery.pid), take_term(delivery.term)}; }
inline Down down_of(const troupe_delivery& delivery) {
  return {from_abi(delivery.reference), from_abi(delivery.pid), std::string(from_abi(delivery.name)),
          std::string(from_abi(delivery.node)), take_term(delivery.term)};
}
inline NodeUp node_up_of(const troupe_delivery& delivery) { return {std::string(from_abi(delivery.node))}; }
inline NodeDown node_down_of(const troupe_delivery& delivery) {
  return {std::string(from_abi(delivery.node)), take_term(delivery.term)};
}

inline Term exit_term(const Exit& exit) { return Term::tuple({Term::atom("EXIT"), Term::pid(exit.from), exit.reason}); }
inline Term down_term(const Down& down) {
  Term who = down.name.empty() ? Term::pid(down.from) : Term::tuple({Term::atom(down.name), Term::atom(down.node)});
  return Term::tuple(
      {Term::atom("DOWN"), Term::reference(down.reference), Term::atom("process"), std::move(who), down.reason});
}
inline Term node_up_term(const NodeUp& up) { return Term::tuple({Term::atom("nodeup"), Term::atom(up.node)}); }
inline Term node_down_term(const NodeDown& down) {
  return Term::tuple({Term::atom("nodedown"), Term::atom(down.node)});
}
inline Term timeout_term(const Timeout& timeout) {
  return Term::tuple({Term::atom("timeout"), Term::integer(static_cast<std::int64_t>(timeout.timer))});
}

/// All but the values that `try_values` takes.
template <class S>
[[gnu::noinline]] int dispatch(S& state, const troupe_delivery& delivery) {
  const typename S::messages list{};
  switch (delivery.kind) {
    case TROUPE_MESSAGE:
      return handle_message(state, delivery, list);
    case TROUPE_EXIT:
      return handle_event(state, exit_of(delivery), exit_term);
    case TROUPE_DOWN:
      return handle_event(state, down_of(delivery), down_term);
    case TROUPE_NODE_UP:
      return handle_event(state, node_up_of(delivery), node_up_term);
    case TROUPE_NODE_DOWN:
      return handle_event(state, node_down_of(delivery), node_down_term);
    case TROUPE_TIMEOUT:
      return handle_event(state, Timeout{delivery.number}, timeout_term);
    case TROUPE_RESPONSE:
      return handle_response(state, delivery, list);
    case TROUPE_IDLE_TIMEOUT:
      return handle_event(state, IdleTimeout{}, [](IdleTimeout) { return Term::atom("timeout"); });
    default:
      return TROUPE_NOT_UNDERSTOOD;
  }
}

template <class S, class M>
constexpr bool message_has_handler() {
  return is_response<M> ? Handles<S, M> : (Handles<S, M> || HandlesLater<S, M>);
}

/// Whether two messages could have the same tag: the same name but for case and underscores.
template <class First, class Second>
constexpr bool tags_may_clash() {
  constexpr std::string_view one = aggregate::unqualified(aggregate::type_signature<First>());
  constexpr std::string_view two = aggregate::unqualified(aggregate::type_signature<Second>());
  std::size_t i = 0;
  std::size_t j = 0;
  for (;; ++i, ++j) {
    while (i < one.size() && one[i] == '_') {
      ++i;
    }
    while (j < two.size() && two[j] == '_') {
      ++j;
    }
    if (i >= one.size() || j >= two.size()) {
      return i >= one.size() && j >= two.size();
    }
    const auto lower = [](char c) { return aggregate::is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; };
    if (lower(one[i]) != lower(two[j])) {
      return false;
    }
  }
}

template <class... Messages>
constexpr bool tags_are_unique = true;
template <class First, class... Rest>
constexpr bool tags_are_unique<First, Rest...> =
    (is_response<First> || ((is_response<Rest> || !tags_may_clash<First, Rest>()) && ...)) && tags_are_unique<Rest...>;

template <class S, class List>
struct MessagesCheck;
template <class S, class... Messages>
struct MessagesCheck<S, messages<Messages...>> {
  static_assert((message_has_handler<S, Messages>() && ...),
                "every type in `messages` needs a handle() overload that takes exactly that type");
  static_assert(tags_are_unique<Messages...>, "two types in `messages` would have the same tag as terms");
  static constexpr bool holds = true;
};

template <class S>
int start_class([[maybe_unused]] void* memory, [[maybe_unused]] const troupe_term* arguments) noexcept {
  return guarded([&]() -> int {
    if constexpr (requires { typename S::Args; }) {
      auto values = from_named_fields<typename S::Args>(take_term(*arguments));
      if (!values) {
        fail(Term::tuple({Term::atom("bad_arguments"), Term::binary(values.error().message)}), true);
        return TROUPE_FAILED;
      }
      new (memory) S(std::move(*values));
      return TROUPE_HANDLED;
    } else if constexpr (std::is_default_constructible_v<S>) {
      const Term given = take_term(*arguments);
      if (const auto map = given.as_map(); map && !map->empty()) {
        fail(Term::tuple({Term::atom("bad_arguments"),
                          Term::binary("this class takes no arguments: give it `struct Args` and a constructor")}),
             true);
        return TROUPE_FAILED;
      }
      new (memory) S();
      return TROUPE_HANDLED;
    } else {
      fail(Term::tuple({Term::atom("bad_arguments"),
                        Term::binary("this class can only be spawned from C++: it has neither Args nor a default "
                                     "constructor")}),
           true);
      return TROUPE_FAILED;
    }
  });
}

template <class S, class... Messages>
bool try_values(S& state, const troupe_delivery& delivery, messages<Messages...>) {
  return (try_value<S, Messages>(state, delivery) || ...);
}

template <class S>
int handle_class(void* state, const troupe_delivery* delivery) {
  return guarded([state, delivery] {
    if constexpr (requires(S & s) { s.take_delivery(*delivery); }) {
      return static_cast<S*>(state)->take_delivery(*delivery);  // A coroutine's: troupe/coroutine.hpp.
    } else {
      S& object = *static_cast<S*>(state);
      // The usual case goes ahead, and leaves the frame of all others to their own function.
      if (delivery->kind == TROUPE_MESSAGE && delivery->type != nullptr &&
          try_values(object, *delivery, typename S::messages{})) [[likely]] {
        return static_cast<int>(TROUPE_HANDLED);
      }
      return dispatch(object, *delivery);
    }
  });
}

template <class S>
void terminate_class([[maybe_unused]] void* state, [[maybe_unused]] const troupe_term* reason) {
  if constexpr (requires(S & s, const Term& r) { s.terminate(r); }) {
    // What terminate throws changes nothing: the process is ending with its reason already.
    try {
      static_cast<S*>(state)->terminate(take_term(*reason));
    } catch (...) {
      host().log(2, to_abi(std::string_view("terminate() threw; ignored")));
    }
  }
}

template <class S>
concept Shrinks = requires(S& state) {
  state.shrink();
};

template <class S>
int save_class([[maybe_unused]] const void* state, [[maybe_unused]] troupe_term_sink sink) noexcept {
  if constexpr (Saves<S>) {
    return guarded([&] {
      give_term(to_term(static_cast<const S*>(state)->save()), sink);
      return static_cast<int>(TROUPE_HANDLED);
    });
  }
  return TROUPE_FAILED;
}

template <class S>
int load_class([[maybe_unused]] void* memory, [[maybe_unused]] const troupe_term* saved,
               [[maybe_unused]] troupe_text from_version) noexcept {
  if constexpr (Loads<S>) {
    return guarded([&]() -> int {
      auto value = from_term<SavedOf<S>>(take_term(*saved));
      if (!value) {
        fail(Term::tuple({Term::atom("bad_state"), Term::binary(value.error().message)}), true);
        return TROUPE_FAILED;
      }
      if constexpr (requires { S::load(std::move(*value), std::string_view{}); }) {
        new (memory) S(S::load(std::move(*value), from_abi(from_version)));
      } else {
        new (memory) S(S::load(std::move(*value)));
      }
      return TROUPE_HANDLED;
    });
  }
  return TROUPE_FAILED;
}

template <class S>
void shrink_class([[maybe_unused]] void* state) {
  if constexpr (Shrinks<S>) {
    // What cannot be let go of stays: that is no reason to end.
    try {
      static_cast<S*>(state)->shrink();
    } catch (...) {
      host().log(2, to_abi(std::string_view("shrink() threw; ignored")));
    }
  }
}

template <class S>
constexpr std::uint32_t class_flags() {
  std::uint32_t flags = 0;
  if constexpr (Handles<S, Exit>) {
    flags |= TROUPE_CLASS_TRAPS_EXITS;
  }
  if constexpr (requires { S::handles_parent_exit; }) {
    flags |= TROUPE_CLASS_HANDLES_PARENT_EXIT;
  }
  if constexpr (requires { S::system_process; }) {
    flags |= TROUPE_CLASS_SYSTEM;
  }
  if constexpr (requires { S::supervisor_process; }) {
    flags |= TROUPE_CLASS_SUPERVISOR;
  }
  return flags;
}

/// The unqualified name of a class, as users write it in a resource; of a class that wraps one of the user's, that
/// one's.
template <class S>
constexpr std::string_view class_name() {
  if constexpr (requires { typename S::named_after; }) {
    return class_name<typename S::named_after>();
  } else if constexpr (requires { S::own_class_name(); }) {
    return S::own_class_name();
  } else {
    std::string_view name = __PRETTY_FUNCTION__;
    const std::size_t start = name.find("S = ") + 4;
    name = name.substr(start, name.find_first_of(";]", start) - start);
    const std::size_t colons = name.substr(0, name.find('<')).rfind("::");
    return colons == std::string_view::npos ? name : name.substr(colons + 2);
  }
}

template <class S>
inline constexpr bool class_is_well_formed = MessagesCheck<S, typename S::messages>::holds;

template <class S>
concept Terminates = requires(S& state, const Term& reason) {
  state.terminate(reason);
};

template <class Function>
constexpr Function when(bool wanted, Function function) {
  return wanted ? function : nullptr;
}

template <class S>
inline troupe_process_class process_class{sizeof(troupe_process_class),
                                          class_is_well_formed<S> ? class_flags<S>() : 0,
                                          &image_anchor,
                                          {class_name<S>().data(), class_name<S>().size()},
                                          sizeof(S),
                                          alignof(S),
                                          &start_class<S>,
                                          &destroy_value<S>,
                                          &handle_class<S>,
                                          when(Terminates<S>, &terminate_class<S>),
                                          when(Saves<S>, &save_class<S>),
                                          when(Loads<S>, &load_class<S>),
                                          when(Shrinks<S>, &shrink_class<S>)};

}  // namespace abi

template <class R>
bool reply(const From& from, R value) {
  troupe_caller caller{abi::to_abi(from.pid), abi::to_abi(from.reference), 0, {}};
  if (!from.pid.valid()) {
    return false;
  }
  if (!from.tag) {
    return abi::reply_to<R>(caller, std::move(value));
  }
  bool sent = false;
  abi::with_term(*from.tag, [&](const troupe_term* tag) {
    caller.has_tag = 1;
    caller.tag = *tag;
    sent = abi::reply_to<R>(caller, std::move(value));
  });
  return sent;
}

}  // namespace troupe
