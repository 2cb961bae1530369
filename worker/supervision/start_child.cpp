// start_child for threads that are no processes: a process asks in their place.
#include <atomic>
#include <memory>
#include <utility>

#include "worker/process/exit_reasons.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {
namespace {

struct Answer {
  std::atomic<bool> done{false};
  bool replied = false;
  Term term;
};

class Asker {
 public:
  static constexpr bool system_process = true;
  using messages = troupe::messages<Response<AddChild>>;

  Asker(std::shared_ptr<Answer> answer, Runtime& runtime, const Destination& to, ChildSpec spec, Duration timeout)
      : answer_(std::move(answer)), runtime_(runtime) {
    send_request(to, AddChild{Local<ChildSpec>(std::move(spec))}, timeout);
  }
  void handle(Response<AddChild> response) {
    answer_->replied = response.ok();
    answer_->term = response.ok() ? *response.reply : response.reason;
    answer_->done.store(true, std::memory_order_release);
    runtime_.scheduler().notify_waiters();
    troupe::exit(reasons::normal());
  }

 private:
  std::shared_ptr<Answer> answer_;
  Runtime& runtime_;
};

}  // namespace

Result<Pid, StartError> start_child(Runtime& runtime, const Destination& supervisor, ChildSpec spec, Duration timeout) {
  check(!troupe::self().valid(), "start_child blocks: inside a process send the request AddChild");
  const auto answer = std::make_shared<Answer>();
  if (!runtime.spawn<Asker>(answer, runtime, supervisor, std::move(spec), timeout).valid()) {
    return StartError{Term::atom("system_limit")};
  }
  runtime.scheduler().wait([&] { return answer->done.load(std::memory_order_acquire); });
  if (!answer->replied) {
    return StartError{answer->term};
  }
  if (answer->term.is_tagged("ok", 2)) {
    return (*answer->term.as_tuple())[1].as_pid().value_or(Pid{});
  }
  return StartError{answer->term.is_tagged("error", 2) ? (*answer->term.as_tuple())[1] : answer->term};
}

}  // namespace troupe
