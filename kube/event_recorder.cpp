#include "kube/event_recorder.hpp"

#include <array>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.hpp"
#include "kube/event_series.hpp"
#include "kube/resource_types.hpp"
#include "kube/timestamp.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t queued_max = 1000;
/// The API's limit for a note (events.k8s.io/v1).
constexpr std::size_t message_bytes_max = 1024;
/// Leaves room for the dot and 16 digits in a name of at most 253.
constexpr std::size_t name_bytes_max = 236;
constexpr int tries_max = 3;
constexpr std::chrono::milliseconds first_pause{500};
/// What is queued when the recorder goes is still sent for so long.
constexpr std::chrono::seconds last_words{2};

struct Record {
  Object about;
  EventType type;
  std::string reason;
  std::string message;
  Instant at;
  WallTime wall_at;
};

/// Cut between characters, not inside one.
std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  return std::string(text.substr(0, bytes_max));
}

std::string object_id(const Object& about) {
  return about.uid().empty() ? about.kind() + "/" + about.key() : about.uid();
}

std::string event_name(const Object& about, WallTime at) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), ".%016llx",
                static_cast<unsigned long long>(at.time_since_epoch().count()));
  return about.name().substr(0, name_bytes_max) + digits.data();
}

/// Events about objects without a namespace live in "default".
std::string event_namespace(const Object& about) {
  return about.namespace_name().empty() ? "default" : about.namespace_name();
}

Json event_document(const Record& record, const std::string& component, const EventSeries::Sent& sent) {
  const auto api_version = record.about.json().find("apiVersion");
  Json about = {{"kind", record.about.kind()},
                {"namespace", record.about.namespace_name()},
                {"name", record.about.name()},
                {"uid", record.about.uid()},
                {"resourceVersion", record.about.resource_version()}};
  if (api_version != record.about.json().end()) {
    about["apiVersion"] = *api_version;
  }
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          {"metadata", {{"name", sent.name}, {"namespace", event_namespace(record.about)}}},
          {"involvedObject", std::move(about)},
          {"type", record.type == EventType::normal ? "Normal" : "Warning"},
          {"reason", record.reason},
          {"message", record.message},
          {"source", {{"component", component}}},
          {"reportingComponent", component},
          {"reportingInstance", ""},
          {"firstTimestamp", sent.first_time},
          {"lastTimestamp", to_time(record.wall_at)},
          {"count", sent.count}};
}

}  // namespace

class EventRecorder::Impl {
 public:
  Impl(std::shared_ptr<Client> client, std::string component, const Clock& clock)
      : client_(std::move(client)),
        component_(std::move(component)),
        clock_(clock),
        series_(EventSeries::Limits{}),
        thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      stop_at_ = clock_.now() + last_words;
      changed_.notify_all();
    }
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void record(const Object& about, EventType type, std::string_view reason, std::string_view message) {
    Record record{
        about, type, std::string(reason), shortened(message, message_bytes_max), clock_.now(), clock_.wall_now()};
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queued_max) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(record));
    changed_.notify_all();
  }

  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty() || (stopping_ && clock_.now() >= stop_at_)) {
        dropped_ += queue_.size();
        return;
      }
      const Record record = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      const bool sent = send(record);
      lock.lock();
      dropped_ += sent ? 0 : 1;
    }
  }

  bool send(const Record& record) {
    if (!series_.allow(object_id(record.about), record.at)) {
      return false;
    }
    const std::string saying = object_id(record.about) + '\n' + (record.type == EventType::normal ? 'n' : 'w') +
                               record.reason + '\n' + record.message;
    if (EventSeries::Sent* earlier = series_.find(saying); earlier != nullptr) {
      ++earlier->count;
      const auto counted = count_up(record, *earlier);
      if (counted.ok() || !counted.error().not_found()) {
        return report(counted);
      }
      // The server has let the earlier one expire.
      series_.forget(saying);
    }
    const EventSeries::Sent sent{event_name(record.about, record.wall_at), 1, to_time(record.wall_at)};
    const auto made = create(record, sent);
    if (made.ok() || made.error().already_exists()) {
      series_.remember(saying, sent);
      return true;
    }
    return report(made);
  }

  ApiResult<Object> count_up(const Record& record, const EventSeries::Sent& sent) {
    const Json patch = {{"count", sent.count}, {"lastTimestamp", to_time(record.wall_at)}};
    return tried(
        [&] { return client_->patch(events, event_namespace(record.about), sent.name, PatchType::merge, patch); });
  }

  ApiResult<Object> create(const Record& record, const EventSeries::Sent& sent) {
    const Json document = event_document(record, component_, sent);
    return tried([&] { return client_->create_object(events, event_namespace(record.about), document); });
  }

  template <class Request>
  ApiResult<Object> tried(const Request& request) {
    auto pause = first_pause;
    for (int tries = 1;; ++tries) {
      auto answer = request();
      if (answer.ok() || !answer.error().retriable() || tries >= tries_max || !rest(pause)) {
        return answer;
      }
      pause *= 2;
    }
  }

  /// False when the recorder is to stop.
  bool rest(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, pause, [this] { return stopping_; });
  }

  static bool report(const ApiResult<Object>& answer) {
    if (!answer.ok()) {
      log_warning("an event could not be written", {{"error", answer.error().message}});
    }
    return answer.ok();
  }

  const std::shared_ptr<Client> client_;
  const std::string component_;
  const Clock& clock_;
  EventSeries series_;  ///< Of the thread.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Record> queue_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  Instant stop_at_;
  std::thread thread_;  ///< Last: it uses all of the above.
};

EventRecorder::EventRecorder(std::shared_ptr<Client> client, std::string component, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(component), clock)) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::record(const Object& about, EventType type, std::string_view reason, std::string_view message) {
  impl_->record(about, type, reason, message);
}

std::uint64_t EventRecorder::dropped() const { return impl_->dropped(); }

}  // namespace troupe::kube
