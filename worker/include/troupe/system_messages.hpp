// OTP's system messages: what sys:get_state/1 and sys:get_status/1, observer and remote shells ask any process.
//
//   class Stock {
//    public:
//     std::map<std::string, std::int64_t> save() const { return items_; }
//     ...
//   1> sys:get_state({stock, Node}).          % #{<<"tea">> => 3}
//
// A class needs nothing for it but `save() const` (saved_state.hpp), whose answer is its state; `format_status()
// const`, when it has one, is shown instead by get_status, as gen_server:format_status/1 does, to leave out what is
// large or secret. Without `save` get_state answers {error, {unknown_system_msg, get_state}} and get_status shows
// `undefined`. What either throws is answered as {error, {callback_failed, _, _}}: an onlooker never ends a process.
// Answered between two messages, by the process itself, so the state is never half changed; a class never sees these
// messages. Source: stdlib/src/sys.erl, gen_server.erl (format_status) of OTP 25.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "troupe/events.hpp"
#include "troupe/saved_state.hpp"
#include "troupe/struct_term.hpp"

namespace troupe::system_messages {

struct Request {
  From from;
  Term what;
};

/// {system, {Pid, Tag}, What}; nothing when `term` is none.
inline std::optional<Request> read(const Term& term) {
  if (!term.is_tagged("system", 3)) {
    return std::nullopt;
  }
  const auto parts = *term.as_tuple();
  const auto from = parts[1].as_tuple();
  if (!from || from->size() != 2 || !(*from)[0].as_pid()) {
    return std::nullopt;
  }
  return Request{From{*(*from)[0].as_pid(), {}, (*from)[1]}, parts[2]};
}

inline Term error(Term reason) { return Term::tuple({Term::atom("error"), std::move(reason)}); }
inline Term pair(Term first, Term second) { return Term::tuple({std::move(first), std::move(second)}); }

inline Term named(std::string_view key, Term value) { return pair(Term::string(key), std::move(value)); }
inline Term data(std::vector<Term> entries) { return pair(Term::atom("data"), Term::list(std::move(entries))); }
inline Term header(std::string text, const Pid& self) {
  return pair(Term::atom("header"), Term::string(std::move(text) + Term::pid(self).text()));
}
inline Term pid_or_undefined(const Pid& pid) { return pid.valid() ? Term::pid(pid) : Term::atom("undefined"); }

/// The process that is asked.
struct Subject {
  std::string_view class_name;
  Pid self;
  Pid parent;
  bool suspended = false;

  [[nodiscard]] Term status() const { return Term::atom(suspended ? "suspended" : "running"); }
  [[nodiscard]] Term parent_term() const { return pid_or_undefined(parent); }
};

/// What a gen_server says of itself, the last part of its status.
inline Term server_misc(const Subject& subject, Term state) {
  return Term::list({header("Status for generic server ", subject.self),
                     data({named("Status", subject.status()), named("Parent", subject.parent_term()),
                           named("Logged events", Term::list({}))}),
                     data({named("State", std::move(state))})});
}

/// {status, Pid, {module, Class}, [Dictionary, running | suspended, Parent, Debug, Misc]}
inline Term status(const Subject& subject, Term misc) {
  return Term::tuple(
      {Term::atom("status"), Term::pid(subject.self), pair(Term::atom("module"), Term::atom(subject.class_name)),
       Term::list({Term::list({}), subject.status(), subject.parent_term(), Term::list({}), std::move(misc)})});
}

template <class S>
concept FormatsStatus = requires(const S& state) {
  state.format_status();
};
/// Behaviours that show more than a gen_server does.
template <class S>
concept DescribesItself = requires(const S& state, const Subject& subject) {
  state.status_misc(subject);
};

template <class S>
Term misc(const S& state, const Subject& subject) {
  if constexpr (DescribesItself<S>) {
    return state.status_misc(subject);
  } else if constexpr (FormatsStatus<S>) {
    return server_misc(subject, to_term(state.format_status()));
  } else if constexpr (Saves<S>) {
    return server_misc(subject, to_term(state.save()));
  } else {
    return server_misc(subject, Term::atom("undefined"));
  }
}

/// The reply to `what`.
template <class S>
Term answer(const S& state, const Term& what, const Subject& subject) {
  static_assert(
      Saves<S> || !requires(S & changing) { changing.save(); }, "save() must be const");
  const char* callback = "save";
  const auto failed = [&](std::string_view why) {
    return error(Term::tuple({Term::atom("callback_failed"), pair(Term::atom(subject.class_name), Term::atom(callback)),
                              pair(Term::atom("error"), Term::binary(why))}));
  };
  try {
    if (what.is_atom("get_status")) {
      callback = FormatsStatus<S> ? "format_status" : "save";
      return status(subject, misc(state, subject));
    }
    if constexpr (Saves<S>) {
      if (what.is_atom("get_state")) {
        return to_term(state.save());
      }
    }
    return error(pair(Term::atom("unknown_system_msg"), what));
  } catch (const std::exception& thrown) {
    return failed(thrown.what());
  } catch (...) {
    return failed("not a std::exception");
  }
}

}  // namespace troupe::system_messages
