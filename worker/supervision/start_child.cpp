// start_child for threads that are no processes: a process asks in their place.
#include <utility>

#include "worker/process/blocking_request.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {

Result<Pid, StartError> start_child(Runtime& runtime, const Destination& supervisor, ChildSpec spec, Duration timeout) {
  check(!troupe::self().valid(), "start_child blocks: inside a process send the request AddChild");
  const auto answer = ask_and_wait(runtime, supervisor, AddChild{Local<ChildSpec>(std::move(spec))}, timeout);
  if (!answer) {
    return StartError{Term::atom("system_limit")};
  }
  if (!answer->replied) {
    return StartError{answer->term};
  }
  if (answer->term.is_tagged("ok", 2)) {
    return (*answer->term.as_tuple())[1].as_pid().value_or(Pid{});
  }
  return StartError{answer->term.is_tagged("error", 2) ? (*answer->term.as_tuple())[1] : answer->term};
}

}  // namespace troupe
