// The words of supervision, as OTP's supervisor module has them, and the requests that a supervisor answers.
//
// A supervisor is an ordinary process that starts its children first to last, stops them last to first, and starts a
// child that has ended again when its restart type says so. The requests below are those of supervisor:which_children/1
// and its sisters, term for term, so that C++ and Erlang ask alike:
//
//   send_request("app.supervisor", troupe::TerminateChild{Term::atom("cache")}, 5s);   // a Response<TerminateChild>
//   1> supervisor:terminate_child({'app.supervisor', Node}, cache).                     // ok
//
// Errors come as {error, Reason} in the reply. A request that changes children waits while a restart or another such
// request is under way; which_children and count_children are answered at once.
// Source: stdlib/src/supervisor.erl of OTP 25.
#pragma once

#include <chrono>
#include <cstdint>

#include "troupe/term.hpp"

namespace troupe {

/// Which siblings restart together with a failed child.
enum class Strategy { one_for_one, one_for_all, rest_for_one };

/// Whether a child that has ended starts again; `transient` only after another reason than normal, shutdown or
/// {shutdown, _}.
enum class Restart { permanent, transient, temporary };

/// Whether the supervisor stops its children and exits with `shutdown` once a significant child has ended of itself and
/// does not start again: after the first such child, or after the last of them. OTP's default: never. An end by
/// terminate_child, or by the restart of a sibling, is none of the child's own.
enum class AutoShutdown { never, any_significant, all_significant };

enum class ChildType { worker, supervisor };

/// On more than `restarts_max` restarts within `window` the supervisor stops its children and exits with `shutdown`.
/// OTP's default: 1 in 5 s.
struct RestartIntensity {
  std::uint32_t restarts_max = 1;
  std::chrono::milliseconds window{5'000};
};

/// Grace after the exit signal `shutdown`, then the child is killed. OTP's default for workers.
inline constexpr std::chrono::milliseconds shutdown_timeout_default{5'000};
/// OTP's brutal_kill: no grace at all.
inline constexpr std::chrono::milliseconds shutdown_brutal_kill{0};
/// OTP's infinity, right for supervisors: waits for ever.
inline constexpr std::chrono::milliseconds shutdown_infinity = std::chrono::milliseconds::max();

/// [{Id, Pid | restarting | undefined, worker | supervisor, dynamic}], last started first. `undefined`: it has ended or
/// was terminated, and its specification stays. Children of a dynamic supervisor have the id `undefined`.
struct WhichChildren {
  using Reply = Term;
};

/// [{specs, N}, {active, N}, {supervisors, N}, {workers, N}]
struct CountChildren {
  using Reply = Term;
};

/// Of a dynamic supervisor: one more child, from its template and these arguments (a list).
/// {ok, Pid}, {ok, undefined} when the start function ignored, or {error, Reason}.
struct StartChild {
  using Reply = Term;
  Term arguments;
};

/// Stops a child as its `shutdown` says, and answers `ok` when it has ended. Its specification stays, unless it is
/// temporary; it does not start again of itself, but it does with its siblings (one_for_all, rest_for_one).
/// `child` is the id, for a dynamic supervisor the pid, where `ok` is also the answer for any process of this node that
/// has ended. {error, not_found}; {error, simple_one_for_one} for an id where a pid is due.
struct TerminateChild {
  using Reply = Term;
  Term child;
};

/// Starts a child that is not running. {ok, Pid}, {ok, undefined}, {error, Reason of the start},
/// {error, running | restarting | not_found}, {error, simple_one_for_one} from a dynamic supervisor.
struct RestartChild {
  using Reply = Term;
  Term child;
};

/// Forgets the specification of a child that is not running. `ok`, {error, running | restarting | not_found},
/// {error, simple_one_for_one} from a dynamic supervisor.
struct DeleteChild {
  using Reply = Term;
  Term child;
};

}  // namespace troupe
