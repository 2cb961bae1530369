#include "kube/reflector_state.hpp"

#include <algorithm>

#include "kube/status.hpp"

namespace troupe::kube {
namespace {

/// client-go's bound for "very short watch".
constexpr std::chrono::seconds short_watch{1};

bool version_unusable(const ApiError& error) { return error.expired() || resource_version_too_large(error); }

}  // namespace

ReflectorState::ReflectorState(const Reflector::Options& options, Random& random)
    : page_size_(options.page_size),
      backoff_min_(options.backoff_min),
      backoff_max_(options.backoff_max),
      backoff_reset_after_(options.backoff_reset_after),
      random_(random) {}

ReflectorStep ReflectorState::start() { return list(resource_version_); }

ReflectorStep ReflectorState::list(std::string resource_version) {
  // A list at a known version is answered from the server's cache only when it is not paged.
  const bool paged = resource_version.empty() || resource_version == "0";
  listing_ = {std::move(resource_version), paged ? page_size_ : 0, ""};
  ++counts_.lists;
  return listing_;
}

ReflectorStep ReflectorState::watch() {
  opened_at_.reset();
  events_ = 0;
  stream_error_.reset();
  ++counts_.watches;
  return WatchStep{resource_version_};
}

ReflectorStep ReflectorState::page_listed(const std::string& resource_version, const std::string& continue_token) {
  if (!continue_token.empty()) {
    listing_.continue_token = continue_token;
    return listing_;
  }
  resource_version_ = resource_version;
  last_error_.clear();
  return watch();
}

ReflectorStep ReflectorState::list_failed(const ApiError& error, Instant now) {
  if (version_unusable(error)) {
    if (!listing_.continue_token.empty()) {
      // The pages took longer than the server keeps their version: all at once cannot expire half way.
      ++counts_.expired;
      last_error_ = error.message;
      listing_ = {"", 0, ""};
      ++counts_.lists;
      return listing_;
    }
    if (!listing_.resource_version.empty()) {
      ++counts_.expired;
      last_error_ = error.message;
      return list("");
    }
  }
  ListStep again = listing_;
  again.continue_token.clear();
  return after_failure(error, again, now);
}

void ReflectorState::watch_opened(Instant now) {
  opened_at_ = now;
  last_error_.clear();
}

ReflectorState::Verdict ReflectorState::watch_event(const WatchEvent& event) {
  if (event.type == WatchEventType::error) {
    stream_error_ = event.error;
    return Verdict::end;
  }
  ++events_;
  resource_version_ = event.object.resource_version();
  return event.type == WatchEventType::bookmark ? Verdict::advance : Verdict::apply;
}

ReflectorStep ReflectorState::watch_ended(const std::optional<ApiError>& end_error, Instant now) {
  const bool healthy = opened_at_.has_value() && (events_ > 0 || now - *opened_at_ >= short_watch);
  const std::optional<ApiError>& error = stream_error_.has_value() ? stream_error_ : end_error;
  if (!error.has_value()) {
    if (healthy) {
      return watch();
    }
    ApiError too_short;
    too_short.message = "watch: the server ended it within a second without an event";
    return after_failure(too_short, WatchStep{}, now);
  }
  if (version_unusable(*error)) {
    return expired(*error, healthy, now);
  }
  if (error->status == 0 && healthy) {
    // A connection that served well was cut: most likely the server restarts. If not, the next attempt backs off.
    ++counts_.failures;
    last_error_ = error->message;
    return watch();
  }
  if (error->retriable()) {
    return after_failure(*error, WatchStep{}, now);
  }
  // The server understands us and says no (rights, a resource that is gone): start from a list when it says yes again.
  return after_failure(*error, ListStep{resource_version_, 0, ""}, now);
}

ReflectorStep ReflectorState::expired(const ApiError& error, bool was_healthy, Instant now) {
  ++counts_.expired;
  if (!was_healthy) {
    // The list before this watch gave a version that the server refuses: asking at once would be a loop.
    return after_failure(error, ListStep{}, now);
  }
  last_error_ = error.message;
  return list("");
}

ReflectorStep ReflectorState::after_failure(const ApiError& error, ReflectorStep then, Instant now) {
  ++counts_.failures;
  last_error_ = error.message;
  postponed_ = std::move(then);
  Duration delay = next_delay(now);
  if (error.retry_after.has_value()) {
    delay = std::max<Duration>(delay, *error.retry_after);
  }
  return WaitStep{delay};
}

Duration ReflectorState::next_delay(Instant now) {
  const bool reset = !last_failure_.has_value() || now - *last_failure_ >= backoff_reset_after_;
  last_failure_ = now;
  backoff_ = reset ? backoff_min_ : std::min(backoff_ * 2, backoff_max_);
  // Up to twice as long, so that a fleet of clients does not come back in step (client-go's jitter of 1.0).
  return backoff_ + std::chrono::duration_cast<Duration>(backoff_ * random_.unit());
}

ReflectorStep ReflectorState::waited() {
  if (const auto* wanted = std::get_if<ListStep>(&postponed_); wanted != nullptr) {
    return list(wanted->resource_version);
  }
  return watch();
}

}  // namespace troupe::kube
