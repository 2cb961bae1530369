// Which messages a process class understands: `using messages = troupe::messages<Add, Read>;` beside its `handle`
// overloads. Checked when the class is compiled: every message has a `handle` for exactly its type, and no two have the
// same tag.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "troupe/image.hpp"
#include "troupe/struct_term.hpp"

namespace troupe {

template <class... Messages>
struct messages {};

namespace abi {

template <class M>
void destroy_value(void* value) {
  static_cast<M*>(value)->~M();
}

template <class M>
void value_to_term(const void* value, troupe_term_sink sink) {
  if constexpr (std::is_same_v<M, Term>) {
    give_term(*static_cast<const Term*>(value), sink);
  } else {
    give_term(to_term(*static_cast<const M*>(value)), sink);
  }
}

template <class M>
void value_tag(troupe_text_sink sink) {
  if constexpr (std::is_class_v<M> && !std::is_same_v<M, Term> && requires { tag_name<M>(); }) {
    sink.take(sink.context, to_abi(tag_name<M>()));
  } else {
    sink.take(sink.context, to_abi(std::string_view("value")));
  }
}

/// Not const, so that no two can ever share an address.
template <class M>
inline troupe_message_type message_type{sizeof(troupe_message_type),
                                        sizeof(M),
                                        alignof(M),
                                        std::is_trivially_copyable_v<M> ? 1u : 0u,
                                        &image_anchor,
                                        std::is_trivially_destructible_v<M> ? nullptr : &destroy_value<M>,
                                        &value_to_term<M>,
                                        &value_tag<M>};

/// Moves `message` into memory of the host's. Always inline, as the usual `send` is: a message that is built in
/// registers should not go through the stack on its way.
template <class M>
[[gnu::always_inline]] inline void* new_value(M&& message) {
  static_assert(!std::is_lvalue_reference_v<M>, "a message is moved");
  static_assert(alignof(M) <= 16, "a message may be aligned to at most 16 bytes");
  static_assert(std::is_nothrow_move_constructible_v<M>, "a message must move without throwing");
  void* const memory = host().message_new(&message_type<M>);
  return new (memory) M(std::forward<M>(message));
}

/// Converts to M alone, so that `handle(Probe<M>)` finds only an overload whose parameter is exactly M.
template <class M>
struct Probe {
  template <class U>
  requires std::is_same_v<std::remove_cv_t<U>, M>
  operator U() const;
};

}  // namespace abi
}  // namespace troupe
