// Who runs on this thread: the process whose callback is being called, and its runtime.
#pragma once

#include "troupe/term.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// One callback of a process. Nested when a constructor runs inside the spawner's handler.
struct Current {
  static constexpr Duration no_timeout = Duration::max();

  Process* process = nullptr;
  Runtime* runtime = nullptr;
  Term fail_reason;
  bool failed = false;
  bool crashed = false;
  /// How many messages this turn may still handle and send before it looks up from them: see turn.cpp.
  std::int32_t allowance = 0;
  /// The last handler has asked for one of the next two, in case that nothing comes.
  bool rests = false;
  bool hibernates = false;
  Duration idle_after = no_timeout;
  /// A receiver whose mailbox is past its soft bound, or lane_pid() of a link that is: the turn should end.
  Pid flooded;
  bool traced = false;  ///< What the process sends is noted.
  /// The request that the handler is answering; cleared by a reply.
  std::uint64_t request = 0;
  Pid caller;

  void take_back_rest() {
    rests = false;
    hibernates = false;
    idle_after = no_timeout;
  }
};

extern constinit thread_local Current* current_callback;
/// Null outside any callback.
inline Current*& current() { return current_callback; }

/// The runtime of this thread's callback or scope, else the one that was created first and still lives. Null without.
Runtime* current_runtime();
Runtime*& scoped_runtime();

class CurrentScope {
 public:
  CurrentScope(Process& process, Runtime& runtime) : before_(current()) {
    here_.process = &process;
    here_.runtime = &runtime;
    current() = &here_;
  }
  ~CurrentScope() { current() = before_; }
  CurrentScope(const CurrentScope&) = delete;
  CurrentScope& operator=(const CurrentScope&) = delete;
  Current& operator*() { return here_; }
  Current* operator->() { return &here_; }

 private:
  Current here_;
  Current* before_;
};

void add_default_runtime(Runtime& runtime);
void remove_default_runtime(Runtime& runtime);

/// The function table for the host's own image.
extern const troupe_host native_host_table;
/// The one for modules.
extern const troupe_host module_host_table;

}  // namespace troupe
