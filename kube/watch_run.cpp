#include "kube/watch_run.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.hpp"
#include "kube/status.hpp"
#include "kube/watch_stream.hpp"

namespace troupe::kube {
namespace {

/// A refusal's body is a Status; more than this of it is not read.
constexpr std::size_t refusal_bytes_max = 1024 * 1024;

/// What the transport's threads leave for the watch's thread. At most one piece of data waits at a time: the transport
/// reads no more before it is consumed.
struct Inbox {
  std::mutex mutex;
  std::condition_variable changed;
  bool cancelled = false;
  std::optional<TransportResponse> head;
  std::optional<std::pair<std::string_view, std::function<void()>>> data;
  bool ended = false;
  std::optional<Error> error;
};

StreamHandler deliver_to(const std::shared_ptr<Inbox>& inbox) {
  StreamHandler handler;
  handler.on_head = [inbox](int status, const TransportHeaders& headers) {
    const std::lock_guard lock(inbox->mutex);
    inbox->head = TransportResponse{status, headers, {}};
    inbox->changed.notify_all();
  };
  handler.on_data = [inbox](std::string_view bytes, std::function<void()> consumed) {
    const std::lock_guard lock(inbox->mutex);
    inbox->data.emplace(bytes, std::move(consumed));
    inbox->changed.notify_all();
  };
  handler.on_end = [inbox](std::optional<Error> error) {
    const std::lock_guard lock(inbox->mutex);
    inbox->ended = true;
    inbox->error = std::move(error);
    inbox->changed.notify_all();
  };
  return handler;
}

class RunningWatch final : public Watch {
 public:
  RunningWatch(WatchPlan plan, WatchHandler handler) : plan_(std::move(plan)), handler_(std::move(handler)) {
    thread_ = std::thread([this] { run(); });
  }

  ~RunningWatch() override {
    check(std::this_thread::get_id() != thread_.get_id(), "a Watch was destroyed inside its own handler");
    std::shared_ptr<Inbox> inbox;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      inbox = inbox_;
    }
    if (inbox != nullptr) {
      const std::lock_guard lock(inbox->mutex);
      inbox->cancelled = true;
      inbox->changed.notify_all();
    }
    thread_.join();
  }
  RunningWatch(const RunningWatch&) = delete;
  RunningWatch& operator=(const RunningWatch&) = delete;

 private:
  enum class Outcome { ended, cancelled, unauthorized };

  void run() {
    std::optional<ApiError> error;
    Outcome outcome = follow(error);
    if (outcome == Outcome::unauthorized) {
      plan_.on_unauthorized();
      outcome = follow(error);
    }
    if (outcome != Outcome::cancelled && handler_.on_end) {
      handler_.on_end(std::move(error));
    }
  }

  /// Null when the watch was cancelled meanwhile.
  std::shared_ptr<Inbox> new_inbox() {
    const std::lock_guard lock(mutex_);
    inbox_ = cancelled_ ? nullptr : std::make_shared<Inbox>();
    return inbox_;
  }

  /// One request, from its start to its end.
  Outcome follow(std::optional<ApiError>& error) {
    error.reset();
    const auto inbox = new_inbox();
    if (inbox == nullptr) {
      return Outcome::cancelled;
    }
    const auto request = plan_.make_request();
    if (!request.ok()) {
      error = error_of_transport(request.error(), plan_.context);
      return Outcome::ended;
    }
    const auto stream = plan_.transport->stream(*request, deliver_to(inbox));
    std::unique_lock lock(inbox->mutex);
    // Servers answer a watch at once, long before its first event.
    inbox->changed.wait_for(lock, plan_.head_timeout,
                            [&] { return inbox->cancelled || inbox->head.has_value() || inbox->ended; });
    if (inbox->cancelled) {
      return cancelled(*inbox);
    }
    if (!inbox->head.has_value()) {
      const Error silent{ErrorCode::timeout, "the server did not answer in time"};
      error = error_of_transport(inbox->error.value_or(silent), plan_.context);
      return Outcome::ended;
    }
    if (inbox->head->status != 200) {
      return read_refusal(*inbox, lock, error);
    }
    return read_events(*inbox, lock, error);
  }

  Outcome read_refusal(Inbox& inbox, std::unique_lock<std::mutex>& lock, std::optional<ApiError>& error) {
    std::string body;
    while (!inbox.ended || inbox.data.has_value()) {
      inbox.changed.wait(lock, [&] { return inbox.cancelled || inbox.data.has_value() || inbox.ended; });
      if (inbox.cancelled) {
        return cancelled(inbox);
      }
      if (!inbox.data.has_value()) {
        continue;
      }
      body.append(inbox.data->first.substr(0, refusal_bytes_max - body.size()));
      const auto consumed = std::move(inbox.data->second);
      inbox.data.reset();
      consumed();
      if (body.size() == refusal_bytes_max) {
        break;
      }
    }
    const TransportResponse& head = *inbox.head;
    error = error_of_response(head.status, body, head.header("Retry-After"), plan_.context);
    return head.status == 401 ? Outcome::unauthorized : Outcome::ended;
  }

  Outcome read_events(Inbox& inbox, std::unique_lock<std::mutex>& lock, std::optional<ApiError>& error) {
    WatchStream parser(plan_.line_bytes_max);
    if (handler_.on_open) {
      lock.unlock();
      handler_.on_open();
      lock.lock();
    }
    for (;;) {
      inbox.changed.wait(lock, [&] { return inbox.cancelled || inbox.data.has_value() || inbox.ended; });
      if (inbox.cancelled) {
        return cancelled(inbox);
      }
      if (!inbox.data.has_value()) {
        break;
      }
      const auto [bytes, consumed] = std::move(*inbox.data);
      inbox.data.reset();
      lock.unlock();
      const auto parsed = give(parser, inbox, bytes);
      consumed();
      lock.lock();
      if (!parsed.ok()) {
        error = error_of_transport(parsed.error(), plan_.context);
        return Outcome::ended;
      }
    }
    if (inbox.error.has_value()) {
      error = error_of_transport(*inbox.error, plan_.context);
    } else if (const auto whole = parser.finish(); !whole.ok()) {
      error = error_of_transport(whole.error(), plan_.context);
    }
    return Outcome::ended;
  }

  Result<void> give(WatchStream& parser, Inbox& inbox, std::string_view bytes) {
    std::vector<WatchEvent> events;
    auto parsed = parser.feed(bytes, events);
    for (WatchEvent& event : events) {
      {
        const std::lock_guard lock(inbox.mutex);
        if (inbox.cancelled) {
          break;
        }
      }
      handler_.on_event(std::move(event));
    }
    return parsed;
  }

  /// The library waits for its piece to be consumed before it lets go of the connection.
  static Outcome cancelled(Inbox& inbox) {
    if (inbox.data.has_value()) {
      inbox.data->second();
      inbox.data.reset();
    }
    return Outcome::cancelled;
  }

  const WatchPlan plan_;
  const WatchHandler handler_;
  std::mutex mutex_;
  bool cancelled_ = false;
  std::shared_ptr<Inbox> inbox_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Watch> run_watch(WatchPlan plan, WatchHandler handler) {
  return std::make_unique<RunningWatch>(std::move(plan), std::move(handler));
}

}  // namespace troupe::kube
