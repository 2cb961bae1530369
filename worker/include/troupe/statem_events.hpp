// What a state machine is told beside plain messages, and how it says what its states are. See troupe/statem.hpp.
#pragma once

#include <variant>

#include "troupe/local.hpp"
#include "troupe/messages.hpp"
#include "troupe/term.hpp"

namespace troupe::statem {

/// The states of a machine as types; the first is where it starts unless it has init(). Compared with ==, which a state
/// that has fields must have (`bool operator==(const Open&) const = default;`): it is another state when they differ,
/// as in OTP. The other way is an `enum class`: `using states = Door;`.
template <class... States>
struct states {};

/// In place of a state in `handle` or `enter`: for every state that has no overload of its own.
struct AnyState {};

/// Came from `next_event(Internal{...})`: never from outside.
template <class E>
struct Internal {
  E content;
};
template <class E>
Internal(E) -> Internal<E>;

/// `state_timeout` has run out: the machine was in this state for so long.
template <class E = std::monostate>
struct StateTimeout {
  E content;
};
/// `event_timeout` has run out: nothing happened for so long.
template <class E = std::monostate>
struct EventTimeout {
  E content;
};
/// `generic_timeout` has run out, whatever happened meanwhile.
template <class E = std::monostate>
struct GenericTimeout {
  Term name;
  E content;
};

/// The machine's own: it has more events of its own to handle than one turn may last. No term can be read as one.
struct StatemResume {
  Local<char> own;
};

}  // namespace troupe::statem
