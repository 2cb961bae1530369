// Requests from threads that are no processes: a process asks in their place while they wait.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "troupe/process.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

/// What became of a request: the reply, or why there was none (Response::reason).
struct BlockingAnswer {
  std::atomic<bool> done{false};
  bool replied = false;
  Term term;
};

/// Blocks until `answer` is there. Errors: those of Runtime::call.
Result<Term> wait_for_answer(Runtime& runtime, const std::shared_ptr<BlockingAnswer>& answer);
Error no_process_to_ask();

/// A process for the length of one request that is answered with a term.
template <class Request>
class BlockingAsker {
 public:
  static constexpr bool system_process = true;
  using messages = troupe::messages<Response<Request>>;

  BlockingAsker(std::shared_ptr<BlockingAnswer> answer, Runtime& runtime, const Destination& to, Request request,
                Duration timeout)
      : answer_(std::move(answer)), runtime_(runtime) {
    send_request(to, std::move(request), timeout);
  }
  void handle(Response<Request> response) {
    answer_->replied = response.ok();
    answer_->term = response.ok() ? *response.reply : response.reason;
    answer_->done.store(true, std::memory_order_release);
    runtime_.scheduler().notify_waiters();
    troupe::exit(reasons::normal());
  }

 private:
  std::shared_ptr<BlockingAnswer> answer_;
  Runtime& runtime_;
};

/// Not to be called inside a process. Null when no process can be spawned to ask.
template <class Request>
std::shared_ptr<const BlockingAnswer> ask_and_wait(Runtime& runtime, const Destination& to, Request request,
                                                   Duration timeout) {
  const auto answer = std::make_shared<BlockingAnswer>();
  if (!runtime.spawn<BlockingAsker<Request>>(answer, runtime, to, std::move(request), timeout).valid()) {
    return nullptr;
  }
  runtime.scheduler().wait([&] { return answer->done.load(std::memory_order_acquire); });
  return answer;
}

}  // namespace troupe
