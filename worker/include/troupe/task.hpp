// Tasks: one function on a process of its own, its result as a message. Elixir's Task.
//
//   class Page {
//    public:
//     using messages = troupe::messages<Show, troupe::task::Response<Picture>>;
//     void handle(Show show) { troupe::task::async([show] { return render(show.name); }, {.timeout = 5s}); }
//     void handle(troupe::task::Response<Picture> done) {
//       if (done.ok()) use(*done.reply); else log_line("no picture: " + done.reason.text());
//     }
//   };
//
// A process never waits: to await a task is to have its Response among its messages. Exactly one comes for each task:
// with the result, or with the reason why there is none: what the function threw or exited with, as of any process,
// `timeout`, or `noproc` when no process could be spawned. Several tasks are told apart by `request`.
//
// `async` links: when the task crashes its owner ends too, unless it traps exits, and the other way round.
// `async_nolink` does not. Elixir's await ends a caller whose time is over; here that is the reason `timeout`, and the
// function, which nothing can interrupt, runs on until it returns; one that has not begun by then never does.
//
// The function runs on a scheduler's thread: one that reads files or the like wraps that in troupe::blocking. It moves
// to the new process with all that it holds, so it must not refer to members of its owner. A result needs a form as a
// term (troupe/struct_term.hpp); wrap others in troupe::Local. Only processes can own tasks; `start` is for all.
// Source: lib/elixir/lib/task.ex of Elixir 1.14.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "troupe/process.hpp"

namespace troupe::task {

/// Elixir's default for await.
inline constexpr std::chrono::nanoseconds timeout_default = std::chrono::seconds(5);
/// Elixir's infinity.
inline constexpr std::chrono::nanoseconds timeout_infinity = std::chrono::nanoseconds::max();

struct Options {
  std::chrono::nanoseconds timeout = timeout_default;
};

/// The request that a task answers, with a result of type R, which may be void.
template <class R>
struct Run {
  using Reply = R;
  std::int64_t not_after_ns = INT64_MAX;  ///< In the time of troupe::now().
};
/// What the owner gets; listed in its `messages`.
template <class R>
using Response = troupe::Response<Run<R>>;

/// Not valid, and nothing is run, when it was asked for by a thread that is no process.
struct Task {
  Pid pid;
  RequestId request = 0;  ///< As in the Response.
};

template <class Function>
using ResultOf = std::decay_t<std::invoke_result_t<Function&>>;

/// One function, called once.
template <class Function>
class Process {
 public:
  using named_after = Task;
  using messages = troupe::messages<Run<ResultOf<Function>>>;
  enum class Begin { when_asked, by_itself };

  explicit Process(Function function, Begin begin = Begin::when_asked) : function_(std::move(function)) {
    if (begin == Begin::by_itself) {
      troupe::continue_with(Run<ResultOf<Function>>{});
    }
  }

  ResultOf<Function> handle(Run<ResultOf<Function>> run) {
    if (troupe::now().count() > run.not_after_ns) {
      troupe::unlink(troupe::parent());  // The owner is told `timeout`, it does not end for it.
      troupe::exit(Term::atom("timeout"));
    }
    troupe::stop();
    return function_();
  }

 private:
  Function function_;
};

template <class Function>
Task async_with(bool link, Function function, const Options& options) {
  using Run = task::Run<ResultOf<Function>>;
  if (!self().valid()) {
    return {};
  }
  SpawnOptions spawn;
  spawn.link = link;
  const Pid pid = spawn_with<Process<Function>>(spawn, std::move(function));
  const bool for_ever = options.timeout == timeout_infinity;
  const Run run{for_ever ? INT64_MAX : (troupe::now() + options.timeout).count()};
  return {pid, send_request(pid, run, options.timeout)};
}

/// Elixir's Task.async: linked. The answer is a Response<R>, R what `function()` returns.
template <class Function>
Task async(Function function, const Options& options = {}) {
  return async_with(true, std::move(function), options);
}
/// Elixir's Task.Supervisor.async_nolink: its crash is the reason of its Response and no more.
template <class Function>
Task async_nolink(Function function, const Options& options = {}) {
  return async_with(false, std::move(function), options);
}

/// Elixir's Task.shutdown: one that runs does so to its end, but nobody hears of it. Its Response comes, with the
/// result when it was faster, else with the reason `shutdown`.
inline void shutdown(const Task& task) {
  unlink(task.pid);
  exit(task.pid, Term::atom("shutdown"));
}

/// Elixir's Task.start: for what it does, not for what it returns. From any thread.
template <class Function>
Pid start(Function function) {
  return spawn<Process<Function>>(std::move(function), Process<Function>::Begin::by_itself);
}
template <class Function>
Pid start_link(Function function) {
  return spawn_link<Process<Function>>(std::move(function), Process<Function>::Begin::by_itself);
}

}  // namespace troupe::task
