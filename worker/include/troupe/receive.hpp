// What a coroutine process may wait for, and how a message is held against it: Erlang's receive clauses as types.
//
//   receive<Add, Call<Read>, Exit>()
//
// An alternative is one of
//   M            a message of the application's; when it came as a call, the caller is answered `ok`. An M that has a
//                Reply is received as Call<M>.
//   Call<M>      the same with its caller, for `.reply(value)`, at any time. Sent without a call it has no caller.
//   Term         any message or event that is no response, as the term that Erlang would see.
//   Exit, Down, NodeUp, NodeDown, Timeout      what the runtime tells (troupe/events.hpp); Exit after trap_exits(true).
//   Response<M>  the answer to a `send_request`.
// A message from another node or image is a term: the first alternative fits whose tag and fields it has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "troupe/events.hpp"
#include "troupe/messages.hpp"
#include "troupe/server.hpp"
#include "troupe/system_messages.hpp"

namespace troupe {

/// A message with its caller.
template <class M>
struct Call {
  using Reply = typename ReplyOf<M>::type;

  M message;
  From from;

  /// Once, from any process. False when the caller is known to be gone, or there is none.
  bool reply(Reply value) const {
    if constexpr (std::is_same_v<Reply, std::monostate>) {
      return troupe::reply(from, Term::atom("ok"));
    } else {
      return troupe::reply<Reply>(from, std::move(value));
    }
  }
};

namespace abi {
template <class... As>
struct ReceivedOf {
  using type = std::variant<As...>;
};
template <class A>
struct ReceivedOf<A> {
  using type = A;
};
}  // namespace abi

/// A alone, or a std::variant of several.
template <class... As>
using Received = typename abi::ReceivedOf<As...>::type;

namespace abi {

/// A delivery while it is held against alternatives: its term is decoded once, and only if asked for.
class Candidate {
 public:
  explicit Candidate(const troupe_delivery& delivery) : delivery_(delivery) {}

  [[nodiscard]] const troupe_delivery& delivery() const { return delivery_; }
  [[nodiscard]] bool is(std::uint32_t kind) const { return delivery_.kind == kind; }
  /// That of a message which came as a term.
  const Term& term() {
    if (!term_) {
      term_ = take_term(delivery_.term);
    }
    return *term_;
  }
  /// Whether a message came as a term.
  [[nodiscard]] bool is_term() const { return delivery_.kind == TROUPE_MESSAGE && delivery_.type == nullptr; }
  [[nodiscard]] From caller() const { return delivery_.caller != nullptr ? from_caller(*delivery_.caller) : From{}; }
  /// What `sys` asks; nothing for all else.
  std::optional<system_messages::Request> system_request() {
    return is_term() && delivery_.caller == nullptr ? system_messages::read(term()) : std::nullopt;
  }
  /// Any message or event as Erlang sees it.
  Term as_erlang() {
    switch (delivery_.kind) {
      case TROUPE_MESSAGE:
        return is_term() ? term() : value_as_term(*delivery_.type, delivery_.value);
      case TROUPE_EXIT:
        return exit_term(exit_of(delivery_));
      case TROUPE_DOWN:
        return down_term(down_of(delivery_));
      case TROUPE_NODE_UP:
        return node_up_term(node_up_of(delivery_));
      case TROUPE_NODE_DOWN:
        return node_down_term(node_down_of(delivery_));
      default:
        return timeout_term(Timeout{delivery_.number});
    }
  }

 private:
  const troupe_delivery& delivery_;
  std::optional<Term> term_;
};

constexpr std::uint32_t kind_bit(std::uint32_t kind) { return std::uint32_t{1} << kind; }

template <class M>
inline constexpr bool wants_reply = false;
template <class M>
requires requires { typename M::Reply; }
inline constexpr bool wants_reply<M> = !std::is_void_v<typename M::Reply>;

/// Calls `use(M&&)` when the candidate is a message of type M.
template <class M, class Use>
bool take_message(Candidate& candidate, const Use& use) {
  const troupe_delivery& delivery = candidate.delivery();
  if (!candidate.is(TROUPE_MESSAGE)) {
    return false;
  }
  if (delivery.type != nullptr) {
    if (delivery.type != &message_type<M>) {
      return false;
    }
    use(std::move(*static_cast<M*>(delivery.value)));
    return true;
  }
  if (tag_of(candidate.term()) != tag_name<M>()) {
    return false;
  }
  auto message = from_term<M>(candidate.term());
  if (!message) {
    return false;
  }
  use(std::move(*message));
  return true;
}

/// One alternative of a receive: the type of message that it comes as or, without one, the kinds; and `take`, which
/// calls `use(A&&)` and answers true when the candidate is one.
template <class A>
struct Alternative {
  static_assert(!wants_reply<A>, "this message has a Reply: receive it as troupe::Call<...> and answer it");
  static constexpr std::uint32_t kinds = 0;
  static constexpr const troupe_message_type* type = &message_type<A>;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    if (!take_message<A>(candidate, use)) {
      return false;
    }
    if (const troupe_caller* const caller = candidate.delivery().caller) {
      reply_to(*caller, Term::atom("ok"));
    }
    return true;
  }
};

template <class M>
struct Alternative<Call<M>> {
  static constexpr std::uint32_t kinds = 0;
  static constexpr const troupe_message_type* type = &message_type<M>;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    return take_message<M>(candidate, [&](M&& message) { use(Call<M>{std::move(message), candidate.caller()}); });
  }
};

template <class M>
struct Alternative<Response<M>> {
  static constexpr std::uint32_t kinds = kind_bit(TROUPE_RESPONSE);
  static constexpr const troupe_message_type* type = nullptr;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    if (!candidate.is(TROUPE_RESPONSE) || candidate.delivery().request_type != &message_type<M>) {
      return false;
    }
    use(make_response<M>(candidate.delivery()));
    return true;
  }
};

template <>
struct Alternative<Term> {
  static constexpr std::uint32_t kinds = kind_bit(TROUPE_MESSAGE) | kind_bit(TROUPE_EXIT) | kind_bit(TROUPE_DOWN) |
                                         kind_bit(TROUPE_NODE_UP) | kind_bit(TROUPE_NODE_DOWN) |
                                         kind_bit(TROUPE_TIMEOUT);
  static constexpr const troupe_message_type* type = nullptr;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    if (candidate.is(TROUPE_RESPONSE)) {
      return false;
    }
    use(candidate.as_erlang());
    if (const troupe_caller* const caller = candidate.delivery().caller) {
      reply_to(*caller, Term::atom("ok"));
    }
    return true;
  }
};

template <>
struct Alternative<Call<Term>> {
  static constexpr std::uint32_t kinds = kind_bit(TROUPE_MESSAGE);
  static constexpr const troupe_message_type* type = nullptr;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    if (!candidate.is(TROUPE_MESSAGE)) {
      return false;
    }
    use(Call<Term>{candidate.as_erlang(), candidate.caller()});
    return true;
  }
};

template <std::uint32_t Kind, class Event, Event (*Read)(const troupe_delivery&)>
struct EventAlternative {
  static constexpr std::uint32_t kinds = kind_bit(Kind);
  static constexpr const troupe_message_type* type = nullptr;
  template <class Use>
  static bool take(Candidate& candidate, const Use& use) {
    if (!candidate.is(Kind)) {
      return false;
    }
    use(Read(candidate.delivery()));
    return true;
  }
};
inline Timeout timeout_of(const troupe_delivery& delivery) { return {delivery.number}; }

template <>
struct Alternative<Exit> : EventAlternative<TROUPE_EXIT, Exit, &exit_of> {};
template <>
struct Alternative<Down> : EventAlternative<TROUPE_DOWN, Down, &down_of> {};
template <>
struct Alternative<NodeUp> : EventAlternative<TROUPE_NODE_UP, NodeUp, &node_up_of> {};
template <>
struct Alternative<NodeDown> : EventAlternative<TROUPE_NODE_DOWN, NodeDown, &node_down_of> {};
template <>
struct Alternative<Timeout> : EventAlternative<TROUPE_TIMEOUT, Timeout, &timeout_of> {};

/// The types of messages among the alternatives, for troupe_pattern.
template <class... As>
struct PatternTypes {
  static constexpr std::size_t count = ((Alternative<As>::kinds == 0 ? 1u : 0u) + ...);
  static constexpr auto list = [] {
    std::array<const troupe_message_type*, count + 1> types{};
    std::size_t at = 0;
    ((Alternative<As>::kinds == 0 ? void(types[at++] = Alternative<As>::type) : void()), ...);
    return types;
  }();
};

template <class... As>
inline constexpr troupe_pattern pattern_of{sizeof(troupe_pattern), (Alternative<As>::kinds | ...),
                                           PatternTypes<As...>::list.data(), PatternTypes<As...>::count, 0};

/// Puts the candidate into `out` as the first alternative that it is.
template <class... As>
bool take_first_of(Candidate& candidate, std::optional<Received<As...>>& out) {
  if constexpr (sizeof...(As) == 1) {
    return (Alternative<As>::take(candidate, [&](As&& received) { out.emplace(std::move(received)); }) || ...);
  } else {
    return (Alternative<As>::take(candidate,
                                  [&](As&& received) { out.emplace(std::in_place_type<As>, std::move(received)); }) ||
            ...);
  }
}

}  // namespace abi
}  // namespace troupe
