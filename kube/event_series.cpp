#include "kube/event_series.hpp"

#include <algorithm>

namespace troupe::kube {

template <class T>
T* EventSeries::Recent<T>::find(std::string_view key) {
  const auto found = by_key.find(key);
  if (found == by_key.end()) {
    return nullptr;
  }
  order.splice(order.begin(), order, found->second);
  return &found->second->second;
}

template <class T>
T& EventSeries::Recent<T>::insert(const std::string& key, T value, std::size_t entries_max) {
  erase(key);
  order.emplace_front(key, std::move(value));
  by_key[key] = order.begin();
  if (order.size() > entries_max) {
    by_key.erase(order.back().first);
    order.pop_back();
  }
  return order.front().second;
}

template <class T>
void EventSeries::Recent<T>::erase(std::string_view key) {
  const auto found = by_key.find(key);
  if (found != by_key.end()) {
    order.erase(found->second);
    by_key.erase(found);
  }
}

bool EventSeries::allow(std::string_view object, Instant now) {
  Bucket* bucket = buckets_.find(object);
  if (bucket == nullptr) {
    bucket = &buckets_.insert(std::string(object), {limits_.burst, now}, limits_.entries_max);
  }
  const std::chrono::duration<double> passed = now - bucket->filled_at;
  bucket->left = std::min(limits_.burst, bucket->left + std::max(0.0, passed.count()) * limits_.per_second);
  bucket->filled_at = now;
  if (bucket->left < 1.0) {
    return false;
  }
  bucket->left -= 1.0;
  return true;
}

EventSeries::Sent* EventSeries::find(const std::string& saying) { return sent_.find(saying); }

EventSeries::Sent& EventSeries::remember(const std::string& saying, Sent sent) {
  return sent_.insert(saying, std::move(sent), limits_.entries_max);
}

void EventSeries::forget(const std::string& saying) { sent_.erase(saying); }

}  // namespace troupe::kube
