#include "operator/control/expectations.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace troupe::control {

bool at_least_as_new(const std::string& seen, const std::string& written) {
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.front() != '0' && std::all_of(text.begin(), text.end(), ascii::is_digit);
  };
  if (!is_number(seen) || !is_number(written)) {
    return seen == written;
  }
  return seen.size() != written.size() ? seen.size() > written.size() : seen >= written;
}

void Expectations::expect_written(const std::string& cluster_key, OwnedKind kind, const kube::Object& written,
                                  Instant now) {
  const std::lock_guard lock(mutex_);
  pending_[cluster_key].push_back(
      {kind, written.name(), written.uid(), written.resource_version(), now + expectation_lifetime});
}

void Expectations::expect_removed(const std::string& cluster_key, OwnedKind kind, const std::string& name,
                                  const std::string& uid, Instant now) {
  const std::lock_guard lock(mutex_);
  pending_[cluster_key].push_back({kind, name, uid, "", now + expectation_lifetime});
}

void Expectations::expect_perhaps(const std::string& cluster_key, OwnedKind kind, const std::string& name,
                                  Instant now) {
  const std::lock_guard lock(mutex_);
  pending_[cluster_key].push_back({kind, name, "", "", now + expectation_lifetime});
}

void Expectations::expect_status(const std::string& cluster_key, const kube::Object& written, Instant now) {
  const std::lock_guard lock(mutex_);
  pending_[cluster_key].push_back(
      {std::nullopt, written.name(), written.uid(), written.resource_version(), now + expectation_lifetime});
}

std::optional<Duration> Expectations::wait(const std::string& cluster_key, const ObjectCache& cache, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto it = pending_.find(cluster_key);
  if (it == pending_.end()) {
    return std::nullopt;
  }
  std::erase_if(it->second, [&](const Expectation& expectation) { return met(expectation, cluster_key, cache); });
  if (it->second.empty()) {
    pending_.erase(it);
    return std::nullopt;
  }
  const auto first = std::min_element(it->second.begin(), it->second.end(),
                                      [](const auto& a, const auto& b) { return a.overdue_at < b.overdue_at; });
  return first->overdue_at - now;
}

std::vector<Expectation> Expectations::take_overdue(const std::string& cluster_key, Instant now) {
  const std::lock_guard lock(mutex_);
  std::vector<Expectation> overdue;
  if (const auto it = pending_.find(cluster_key); it != pending_.end()) {
    for (const Expectation& expectation : it->second) {
      if (expectation.overdue_at <= now) {
        overdue.push_back(expectation);
      }
    }
    std::erase_if(it->second, [now](const Expectation& expectation) { return expectation.overdue_at <= now; });
  }
  return overdue;
}

void Expectations::put_back(const std::string& cluster_key, Expectation expectation, Instant now) {
  const std::lock_guard lock(mutex_);
  expectation.overdue_at = now + expectation_lifetime;
  pending_[cluster_key].push_back(std::move(expectation));
}

bool still_to_be_seen(const Expectation& expectation, const std::optional<kube::Object>& live) {
  if (expectation.uid.empty()) {
    return live.has_value();
  }
  const bool same = live && live->uid() == expectation.uid;
  return expectation.resource_version.empty() ? !same || live->being_deleted() : same;
}

bool Expectations::met(const Expectation& expectation, const std::string& cluster_key, const ObjectCache& cache) {
  std::optional<kube::Object> seen;
  if (expectation.kind) {
    for (const kube::Object& object : cache.owned(*expectation.kind, cluster_key)) {
      if (object.name() == expectation.name) {
        seen = object;
      }
    }
  } else {
    seen = cache.cluster(cluster_key);
  }
  if (expectation.uid.empty()) {
    return seen.has_value();
  }
  if (expectation.resource_version.empty()) {
    return !seen || seen->uid() != expectation.uid || seen->being_deleted();
  }
  // Another object of that name that is newer says as well that what was written has been and gone.
  return seen && at_least_as_new(seen->resource_version(), expectation.resource_version);
}

void Expectations::forget(const std::string& cluster_key) {
  const std::lock_guard lock(mutex_);
  pending_.erase(cluster_key);
}

std::size_t Expectations::size() const {
  const std::lock_guard lock(mutex_);
  return pending_.size();
}

}  // namespace troupe::control
