// How a behaviour wraps a class of the user's: it takes the class's messages beside its own and forwards them, whatever
// their types, to one place: `forward(M&, const From&)`.
#pragma once

#include <type_traits>
#include <utility>

#include "troupe/events.hpp"
#include "troupe/messages.hpp"

namespace troupe::abi {

template <class... Lists>
struct Joined;
template <class... First, class... Second, class... Lists>
struct Joined<messages<First...>, messages<Second...>, Lists...> : Joined<messages<First..., Second...>, Lists...> {};
template <class... Messages>
struct Joined<messages<Messages...>> {
  using type = messages<Messages...>;
};

/// The list of M alone, or the empty one.
template <bool wanted, class M>
using If = std::conditional_t<wanted, messages<M>, messages<>>;

/// The overload of `handle` for one message; a base of the behaviour P.
template <class P, class M>
struct Forward {
  void handle(M&& message, const From& from) { static_cast<P*>(this)->forward(message, from); }
};
/// What nobody waits for an answer to.
template <class P, class M>
struct ForwardEvent {
  void handle(M&& event) { static_cast<P*>(this)->forward(event, From{}); }
};
template <class P, class M>
struct Forward<P, Response<M>> : ForwardEvent<P, Response<M>> {};
template <class P>
struct Forward<P, Exit> : ForwardEvent<P, Exit> {};
template <class P>
struct Forward<P, Down> : ForwardEvent<P, Down> {};
template <class P>
struct Forward<P, NodeUp> : ForwardEvent<P, NodeUp> {};
template <class P>
struct Forward<P, NodeDown> : ForwardEvent<P, NodeDown> {};
template <class P>
struct Forward<P, Timeout> : ForwardEvent<P, Timeout> {};
template <class P>
struct Forward<P, Term> {
  void handle(Term&& term, const From& from) { static_cast<P*>(this)->forward(term, from); }
  void handle(Term&& term) { handle(std::move(term), From{}); }
};

template <class P, class List>
struct ForwardAll;
template <class P, class... Messages>
struct ForwardAll<P, messages<Messages...>> : Forward<P, Messages>... {
  using Forward<P, Messages>::handle...;
};
template <class P>
struct ForwardAll<P, messages<>> {
  void handle();  ///< Never defined: something for a using declaration to name.
};

}  // namespace troupe::abi
