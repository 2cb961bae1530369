#include "kube/reflector.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.hpp"
#include "kube/reflector_state.hpp"
#include "kube/store.hpp"

namespace troupe::kube {
namespace {

/// Events that wait for the reflector; the stream is held up while so many do.
constexpr std::size_t waiting_events_max = 64;

/// What one watch leaves for the reflector's thread.
class WatchInbox {
 public:
  struct Item {
    enum class Type { opened, event, ended } type;
    std::optional<WatchEvent> event;
    std::optional<ApiError> error;
  };

  void push(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || items_.size() < waiting_events_max; });
    if (!closed_) {
      items_.push_back(std::move(item));
      changed_.notify_all();
    }
  }
  /// Empty when closed.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (closed_) {
      return std::nullopt;
    }
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool closed_ = false;
};

WatchHandler deliver_to(const std::shared_ptr<WatchInbox>& inbox) {
  using Item = WatchInbox::Item;
  WatchHandler handler;
  handler.on_open = [inbox] { inbox->push({Item::Type::opened, std::nullopt, std::nullopt}); };
  handler.on_event = [inbox](WatchEvent event) { inbox->push({Item::Type::event, std::move(event), std::nullopt}); };
  handler.on_end = [inbox](std::optional<ApiError> error) {
    inbox->push({Item::Type::ended, std::nullopt, std::move(error)});
  };
  return handler;
}

}  // namespace

class Reflector::Impl {
 public:
  Impl(std::shared_ptr<Client> client, ResourceType type, Options options, const Clock& clock, Random& random,
       std::function<void(const Change&)> on_change, std::function<void()> on_synced)
      : client_(std::move(client)),
        type_(std::move(type)),
        options_(std::move(options)),
        clock_(clock),
        random_(random),
        on_change_(std::move(on_change)),
        on_synced_(std::move(on_synced)),
        state_(options_, random),
        thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (inbox_ != nullptr) {
        inbox_->close();
      }
      changed_.notify_all();
    }
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] const Store& store() const { return store_; }
  [[nodiscard]] Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  [[nodiscard]] std::string last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
  }

 private:
  [[nodiscard]] bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  void run() {
    ReflectorStep step = state_.start();
    while (!stopping()) {
      publish();
      step = std::visit([this](const auto& chosen) { return perform(chosen); }, step);
    }
  }

  /// Makes the state machine's news readable by other threads.
  void publish() {
    std::string error;
    {
      const std::lock_guard lock(mutex_);
      counts_ = state_.counts();
      if (last_error_ == state_.last_error()) {
        return;
      }
      last_error_ = error = state_.last_error();
    }
    if (!error.empty()) {
      log_warning("watching the API is disturbed", {{"resource", type_.plural}, {"error", error}});
    }
  }

  [[nodiscard]] Object kept(Object object) const {
    return options_.transform ? options_.transform(std::move(object)) : object;
  }

  ReflectorStep perform(const ListStep& step) {
    if (step.continue_token.empty()) {
      collected_.clear();
    }
    ListOptions options;
    options.namespace_name = options_.namespace_name;
    options.label_selector = options_.label_selector;
    options.field_selector = options_.field_selector;
    options.limit = step.limit;
    options.continue_token = step.continue_token;
    options.resource_version = step.resource_version;
    auto page = client_->list(type_, options);
    if (!page.ok()) {
      return state_.list_failed(page.error(), clock_.now());
    }
    for (Object& object : page->items) {
      std::string key = object.key();
      Object same = store_.state_->same_or(kept(std::move(object)));
      collected_.insert_or_assign(std::move(key), std::move(same));
    }
    page->items.clear();
    ReflectorStep next = state_.page_listed(page->resource_version, page->continue_token);
    if (std::holds_alternative<WatchStep>(next)) {
      take_list(page->resource_version);
    }
    return next;
  }

  void take_list(const std::string& resource_version) {
    const bool first = !store_.synced();
    report(store_.state_->replace(std::exchange(collected_, {}), resource_version));
    if (first && on_synced_ && !stopping()) {
      on_synced_();
    }
  }

  void report(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
      if (on_change_ && !stopping()) {
        on_change_(change);
      }
    }
  }

  ReflectorStep perform(const WatchStep& step) {
    const auto inbox = std::make_shared<WatchInbox>();
    {
      const std::lock_guard lock(mutex_);
      inbox_ = inbox;
      if (stopping_) {
        inbox->close();
      }
    }
    WatchOptions options;
    options.namespace_name = options_.namespace_name;
    options.label_selector = options_.label_selector;
    options.field_selector = options_.field_selector;
    options.resource_version = step.resource_version;
    // A little shorter for some, so that the watches of many clients do not all come back at once.
    options.timeout = std::chrono::seconds(std::max<std::int64_t>(
        1,
        static_cast<std::int64_t>(static_cast<double>(options_.watch_timeout.count()) * (1.0 - 0.2 * random_.unit()))));
    const auto watch = client_->watch(type_, options, deliver_to(inbox));
    const auto error = follow(*inbox);
    inbox->close();
    return state_.watch_ended(error, clock_.now());
  }

  /// Until the watch ends, the state says so, or the reflector stops.
  std::optional<ApiError> follow(WatchInbox& inbox) {
    for (;;) {
      auto item = inbox.pop();
      if (!item.has_value()) {
        return std::nullopt;
      }
      switch (item->type) {
        case WatchInbox::Item::Type::opened:
          state_.watch_opened(clock_.now());
          publish();
          break;
        case WatchInbox::Item::Type::ended:
          return item->error;
        case WatchInbox::Item::Type::event:
          if (!take(std::move(*item->event))) {
            return std::nullopt;
          }
      }
    }
  }

  /// False when the watch is over.
  bool take(WatchEvent event) {
    switch (state_.watch_event(event)) {
      case ReflectorState::Verdict::apply:
        report(store_.state_->apply(event.type, kept(std::move(event.object))));
        return true;
      case ReflectorState::Verdict::advance:
        store_.state_->advance(event.object.resource_version());
        return true;
      case ReflectorState::Verdict::end:
        return false;
    }
    return false;
  }

  ReflectorStep perform(const WaitStep& step) {
    const Instant until = clock_.now() + step.delay;
    std::unique_lock lock(mutex_);
    while (!stopping_ && clock_.now() < until) {
      changed_.wait_for(lock, until - clock_.now());
    }
    lock.unlock();
    return state_.waited();
  }

  const std::shared_ptr<Client> client_;
  const ResourceType type_;
  const Options options_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const Change&)> on_change_;
  const std::function<void()> on_synced_;

  // Of the reflector's thread.
  ReflectorState state_;
  ObjectsByKey collected_;  ///< Pages of a list that is not complete yet.

  Store store_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::shared_ptr<WatchInbox> inbox_;
  Counts counts_;
  std::string last_error_;
  std::thread thread_;  ///< Last: it uses all of the above.
};

Reflector::Reflector(std::shared_ptr<Client> client, ResourceType type, Options options, const Clock& clock,
                     Random& random, std::function<void(const Change&)> on_change, std::function<void()> on_synced)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(type), std::move(options), clock, random,
                                   std::move(on_change), std::move(on_synced))) {}
Reflector::~Reflector() = default;

const Store& Reflector::store() const { return impl_->store(); }
Reflector::Counts Reflector::counts() const { return impl_->counts(); }
std::string Reflector::last_error() const { return impl_->last_error(); }

}  // namespace troupe::kube
