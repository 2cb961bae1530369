#include "worker/run/stop_request.hpp"

#include <utility>

#include "platform/signals.hpp"

namespace troupe {

const std::shared_ptr<StopRequest>& StopRequest::of_program() {
  static const std::shared_ptr<StopRequest> request = [] {
    auto made = std::make_shared<StopRequest>();
    platform::on_stop_signal([made](int /*signal*/) { made->stop(); });
    return made;
  }();
  return request;
}

void StopRequest::begin() {
  const std::lock_guard lock(mutex_);
  seen_ = {};
}

void StopRequest::stop() {
  {
    const std::lock_guard lock(mutex_);
    seen_.stop = true;
  }
  changed_.notify_all();
}

void StopRequest::root_ended(Term reason) {
  {
    const std::lock_guard lock(mutex_);
    seen_.root_reason = std::move(reason);
  }
  changed_.notify_all();
}

StopRequest::Seen StopRequest::wait(bool for_end, Duration limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return seen_.root_reason || (seen_.stop && !for_end); });
  return seen_;
}

}  // namespace troupe
