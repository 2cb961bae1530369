#include "worker/process/system_call.hpp"

#include <memory>
#include <utility>

#include "base/check.hpp"
#include "worker/process/blocking_request.hpp"
#include "worker/process/current.hpp"

namespace troupe {
namespace {

/// Asks as gen:call does: its monitor's reference is the tag that the reply brings back.
class SystemAsker {
 public:
  static constexpr bool system_process = true;
  using messages = troupe::messages<>;

  SystemAsker(std::shared_ptr<BlockingAnswer> answer, Runtime& runtime, const Destination& to, const Term& what,
              Duration timeout)
      : answer_(std::move(answer)), runtime_(runtime), tag_(Term::reference(troupe::monitor(to))) {
    troupe::send(to, Term::tuple({Term::atom("system"), Term::tuple({Term::pid(troupe::self()), tag_}), what}));
    troupe::start_timer(timeout);
  }
  void handle(const Term& term) {
    if (const auto reply = term.as_tuple(); reply && reply->size() == 2 && (*reply)[0] == tag_) {
      done(true, (*reply)[1]);
    }
  }
  void handle(const Down& down) { done(false, down.reason); }
  void handle(Timeout) { done(false, reasons::timeout()); }

 private:
  void done(bool replied, const Term& term) {
    answer_->replied = replied;
    answer_->term = term;
    answer_->done.store(true, std::memory_order_release);
    runtime_.scheduler().notify_waiters();
    troupe::stop();
  }

  std::shared_ptr<BlockingAnswer> answer_;
  Runtime& runtime_;
  Term tag_;
};

}  // namespace

Result<Term> system_call(Runtime& runtime, const Destination& to, Term what, Duration timeout) {
  check(current() == nullptr, "system_call blocks: inside a process send the message");
  const auto answer = std::make_shared<BlockingAnswer>();
  if (!runtime.spawn<SystemAsker>(answer, runtime, to, what, timeout).valid()) {
    return no_process_to_ask();
  }
  return wait_for_answer(runtime, answer);
}

}  // namespace troupe
