// Which events are sent anew, which only count an earlier one up, and which are dropped. Pure.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace troupe::kube {

/// Remembers what was sent, by what it says, for the events most recently used.
class EventSeries {
 public:
  struct Limits {
    double per_second = 10.0;        ///< Per object.
    double burst = 25.0;             ///< Per object; client-go's.
    std::size_t entries_max = 4096;  ///< Events and objects remembered, each; client-go's.
  };
  struct Sent {
    std::string name;  ///< Of the Event object.
    std::int64_t count = 0;
    std::string first_time;
  };

  explicit EventSeries(const Limits& limits) : limits_(limits) {}

  /// Takes one from the object's allowance; false when it is used up.
  bool allow(std::string_view object, Instant now);
  /// The Event that says the same already; null when there is none.
  Sent* find(const std::string& saying);
  Sent& remember(const std::string& saying, Sent sent);
  void forget(const std::string& saying);

 private:
  struct Bucket {
    double left;
    Instant filled_at;
  };
  template <class T>
  struct Recent {
    std::list<std::pair<std::string, T>> order;  ///< Most recently used first.
    std::map<std::string, typename std::list<std::pair<std::string, T>>::iterator, std::less<>> by_key;

    T* find(std::string_view key);
    T& insert(const std::string& key, T value, std::size_t entries_max);
    void erase(std::string_view key);
  };

  Limits limits_;
  Recent<Bucket> buckets_;
  Recent<Sent> sent_;
};

}  // namespace troupe::kube
