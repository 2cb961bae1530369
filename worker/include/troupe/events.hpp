// What the runtime itself tells a process, beside the messages of its class. A class that wants one has a `handle` for
// it; none has to be listed in `messages` but Response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// {'EXIT', Pid, Reason}: a linked process has ended, or exit(Pid, Reason) was sent. A class with `handle(Exit)` traps
/// exits; but an exit of its parent always ends it, as it ends a gen_server.
struct Exit {
  Pid from;
  Term reason;
};

/// {'DOWN', Reference, process, Pid, Reason}: a monitored process has ended, never was (`noproc`), or its node is gone
/// (`noconnection`).
struct Down {
  Reference reference;
  Pid from;
  std::string name;  ///< Set, with `node`, when the monitor was on a name.
  std::string node;
  Term reason;
};

/// After `troupe::monitor_nodes()`.
struct NodeUp {
  std::string node;
};
struct NodeDown {
  std::string node;
  Term reason;
};

/// Never 0 for a timer that was started.
using TimerReference = std::uint64_t;
/// A timer of `start_timer` has fired.
struct Timeout {
  TimerReference timer = 0;
};

/// OTP's `timeout`: nothing has come for as long as the last handler said with `idle_timeout`.
struct IdleTimeout {};

/// The caller of a request, Erlang's From: for `handle(Read, From)` with `troupe::reply(from, value)` later.
struct From {
  Pid pid;
  Reference reference;
  std::optional<Term> tag;  ///< What another node wants echoed; else `reference` is the tag.
};

using RequestId = std::uint64_t;

/// What a request of type M is answered with: its member `Reply`, else any Term.
template <class M>
struct ReplyOf {
  using type = Term;
};
template <class M>
requires requires { typename M::Reply; }
struct ReplyOf<M> {
  using type = std::conditional_t<std::is_void_v<typename M::Reply>, std::monostate, typename M::Reply>;
};

/// The answer to `send_request(to, M{...}, timeout)`; exactly one comes for every request. Listed in `messages`.
template <class M>
struct Response {
  using Request = M;
  using Reply = typename ReplyOf<M>::type;

  RequestId request = 0;
  std::optional<Reply> reply;
  /// Without a reply, why: `timeout`, `noproc`, `noconnection`, the exit reason of the server, `full`, `system_limit`
  /// when there are too many timers to time it, or {bad_reply, Term} when the answer is none of M's. When the server
  /// was itself waiting for this process, directly or through others, {timeout, {call_cycle, [Pid]}}: this process, the
  /// server, and on, each waiting for the next and the last for the first.
  Term reason;

  [[nodiscard]] bool ok() const { return reply.has_value(); }
  [[nodiscard]] bool timed_out() const {
    return !ok() && (reason.is_atom("timeout") || reason.is_tagged("timeout", 2));
  }
};

}  // namespace troupe
