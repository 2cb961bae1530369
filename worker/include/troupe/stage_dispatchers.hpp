// Whom a producer's events go to: GenStage's dispatchers. Pure: they count what was asked for and share out events.
//
// Each has: `subscribe(subscription, partition)`, false when it cannot be; `ask(subscription, count)`;
// `cancel(subscription)`; `wanted()`, how many more events somebody has asked for; `dispatch(events, deliver)`, which
// calls `deliver(subscription, std::vector<E>)` for what somebody has asked for and leaves in `events` what nobody has.
// Source: lib/gen_stage/dispatchers of GenStage 1.2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "troupe/pid.hpp"

namespace troupe::stage {

/// What a consumer has asked for and not yet got.
struct Demand {
  Reference subscription;
  std::int64_t count = 0;
};

/// Of consumers that are all alike.
class Demands {
 public:
  bool subscribe(const Reference& subscription, std::int64_t /*partition*/) {
    all_.push_back({subscription, 0});
    return true;
  }
  void cancel(const Reference& subscription) {
    std::erase_if(all_, [&](const Demand& one) { return one.subscription == subscription; });
  }
  void ask(const Reference& subscription, std::int64_t count) {
    for (Demand& one : all_) {
      one.count += one.subscription == subscription ? count : 0;
    }
  }

 protected:
  [[nodiscard]] std::vector<Demand>& all() { return all_; }
  [[nodiscard]] const std::vector<Demand>& all() const { return all_; }
  static bool less(const Demand& one, const Demand& other) { return one.count < other.count; }

 private:
  std::vector<Demand> all_;
};

/// Each event to one consumer, the one that has asked for most. The default.
template <class E>
class DemandDispatcher : public Demands {
 public:
  [[nodiscard]] std::int64_t wanted() const {
    std::int64_t sum = 0;
    for (const Demand& one : all()) {
      sum += one.count;
    }
    return sum;
  }

  template <class Deliver>
  void dispatch(std::vector<E>& events, Deliver deliver) {
    std::size_t next = 0;
    while (next < events.size()) {
      const auto most = std::max_element(all().begin(), all().end(), less);
      if (most == all().end() || most->count == 0) {
        break;
      }
      const std::size_t count = std::min(events.size() - next, static_cast<std::size_t>(most->count));
      const auto first = events.begin() + static_cast<std::ptrdiff_t>(next);
      deliver(most->subscription, std::vector<E>(std::make_move_iterator(first),
                                                 std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count))));
      most->count -= static_cast<std::int64_t>(count);
      next += count;
    }
    events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(next));
  }
};

/// Each event to every consumer, as fast as the slowest asks.
template <class E>
class BroadcastDispatcher : public Demands {
 public:
  [[nodiscard]] std::int64_t wanted() const {
    const auto least = std::min_element(all().begin(), all().end(), less);
    return least == all().end() ? 0 : least->count;
  }

  template <class Deliver>
  void dispatch(std::vector<E>& events, Deliver deliver) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(events.size(), static_cast<std::size_t>(wanted())));
    if (count == 0) {
      return;
    }
    for (Demand& one : all()) {
      deliver(one.subscription, std::vector<E>(events.begin(), events.begin() + count));
      one.count -= count;
    }
    events.erase(events.begin(), events.begin() + count);
  }
};

/// Each event to the consumer of its partition, of which S names the number and the choice:
/// `static constexpr std::size_t partitions` and `static std::size_t partition(const Event&)`, below `partitions`.
/// One consumer each; a partition whose consumer does not ask holds the others up, as nothing is dropped for it.
template <class S>
class PartitionDispatcher {
 public:
  using E = typename S::produces;

  bool subscribe(const Reference& subscription, std::int64_t partition) {
    if (partition < 0 || partition >= static_cast<std::int64_t>(S::partitions) || at(partition).subscription.valid()) {
      return false;
    }
    at(partition) = {subscription, 0};
    return true;
  }
  void cancel(const Reference& subscription) {
    for (Demand& one : demands_) {
      if (one.subscription == subscription) {
        one = {};
      }
    }
  }
  void ask(const Reference& subscription, std::int64_t count) {
    for (Demand& one : demands_) {
      one.count += one.subscription == subscription ? count : 0;
    }
  }
  [[nodiscard]] std::int64_t wanted() const {
    std::int64_t sum = 0;
    for (const Demand& one : demands_) {
      sum += one.count;
    }
    return sum;
  }

  template <class Deliver>
  void dispatch(std::vector<E>& events, Deliver deliver) {
    std::vector<std::vector<E>> parts(S::partitions);
    std::vector<E> left;
    for (E& event : events) {
      const std::size_t partition = S::partition(event);
      Demand& demand = demands_.at(partition);
      (demand.count > 0 ? parts[partition] : left).push_back(std::move(event));
      demand.count -= demand.count > 0 ? 1 : 0;
    }
    for (std::size_t partition = 0; partition < parts.size(); ++partition) {
      if (!parts[partition].empty()) {
        deliver(demands_[partition].subscription, std::move(parts[partition]));
      }
    }
    events = std::move(left);
  }

 private:
  Demand& at(std::int64_t partition) { return demands_[static_cast<std::size_t>(partition)]; }

  std::vector<Demand> demands_ = std::vector<Demand>(S::partitions);
};

}  // namespace troupe::stage
