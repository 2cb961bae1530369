// The two sides of a subscription. Users include troupe/stage.hpp.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "troupe/stage.hpp"

namespace troupe::stage {

/// GenStage's default for producers.
inline constexpr std::size_t buffer_size_default = 10'000;

/// Who has subscribed to this stage, and what it has emitted that nobody has asked for yet.
template <class E, class Dispatcher>
class ProducerSide {
 public:
  explicit ProducerSide(std::size_t buffer_size_max) : buffer_size_max_(buffer_size_max) {}

  void subscribe(const StageSubscribe& wish) {
    if (wish.demand < 0 || !dispatcher_.subscribe(wish.subscription, wish.partition)) {
      send(wish.consumer, StageCancelled{wish.subscription,
                                         Term::tuple({Term::atom("bad_subscription"), Term::integer(wish.partition)})});
      return;
    }
    consumers_.push_back({wish.subscription, wish.consumer, monitor(wish.consumer)});
    ask({wish.subscription, wish.demand});
  }
  void ask(const StageAsk& ask) {
    if (ask.count > 0) {
      dispatcher_.ask(ask.subscription, ask.count);
      deliver();
    }
  }
  void cancel(const StageCancel& cancel) {
    for (std::size_t i = 0; i < consumers_.size(); ++i) {
      if (consumers_[i].subscription == cancel.subscription) {
        send(consumers_[i].pid, StageCancelled{cancel.subscription, cancel.reason});
        demonitor(consumers_[i].monitor);
        remove(i);
        return;
      }
    }
  }
  /// True when it was a consumer of this stage.
  bool down(const Reference& monitor) {
    for (std::size_t i = 0; i < consumers_.size(); ++i) {
      if (consumers_[i].monitor == monitor) {
        remove(i);
        return true;
      }
    }
    return false;
  }

  void emit(std::vector<E> events) {
    const std::int64_t asked_for = std::min(owed_, static_cast<std::int64_t>(events.size()));
    owed_ -= asked_for;
    solicited_ += static_cast<std::size_t>(asked_for);
    if (buffer_.empty()) {
      buffer_ = std::move(events);
    } else {
      buffer_.insert(buffer_.end(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    }
    deliver();
    if (buffer_.size() > buffer_size_max_ + solicited_) {
      drop_oldest(buffer_.size() - buffer_size_max_ - solicited_);
    }
  }
  /// How many events are asked for that are neither here nor owed.
  [[nodiscard]] std::int64_t missing() const {
    return dispatcher_.wanted() - static_cast<std::int64_t>(buffer_.size()) - owed_;
  }
  void owe(std::int64_t count) { owed_ += count; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Consumer {
    Reference subscription;
    Pid pid;
    Reference monitor;
  };

  void deliver() {
    if (buffer_.empty()) {
      return;
    }
    dispatcher_.dispatch(buffer_, [this](const Reference& subscription, std::vector<E> events) {
      for (const Consumer& consumer : consumers_) {
        if (consumer.subscription == subscription) {
          send(consumer.pid, StageEvents<E>{subscription, std::move(events)});
          return;
        }
      }
    });
    solicited_ = std::min(solicited_, buffer_.size());
  }
  void remove(std::size_t index) {
    dispatcher_.cancel(consumers_[index].subscription);
    consumers_.erase(consumers_.begin() + static_cast<std::ptrdiff_t>(index));
    deliver();  // Who is gone holds nobody up any more.
  }
  void drop_oldest(std::size_t count) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count));
    dropped_ += count;
    const std::string text = "the buffer of a producer is full: dropped " + std::to_string(count) +
                             " events that nobody has asked for, " + std::to_string(dropped_) + " in all";
    abi::host().log(2, abi::to_abi(std::string_view(text)));
  }

  const std::size_t buffer_size_max_;
  Dispatcher dispatcher_;
  std::vector<Consumer> consumers_;
  std::vector<E> buffer_;
  std::int64_t owed_ = 0;  ///< Asked of the user's class and not emitted yet.
  /// So many in the buffer, at most, were asked for and wait for another consumer: they do not count against its bound.
  std::size_t solicited_ = 0;
  std::uint64_t dropped_ = 0;
};

/// To whom this stage has subscribed.
class ConsumerSide {
 public:
  struct Subscription {
    Reference reference;  ///< Of the monitor, too.
    Pid producer;
    std::int64_t max_demand = 0;
    std::int64_t min_demand = 0;
    Cancel cancel = Cancel::permanent;
    std::int64_t handled = 0;  ///< Since the last Ask.
    [[nodiscard]] std::int64_t batch_max() const { return max_demand - min_demand; }
  };

  Term subscribe(const SubscribeTo& wish) {
    const std::int64_t min_demand = wish.min_demand < 0 ? wish.max_demand / 2 : wish.min_demand;
    if (wish.max_demand < 1 || min_demand >= wish.max_demand) {
      return Term::tuple(
          {Term::atom("error"),
           Term::tuple({Term::atom("bad_options"), Term::binary("max_demand is 1 or more, min_demand below it")})});
    }
    const Reference reference = monitor(wish.producer);
    all_.push_back({reference, wish.producer, wish.max_demand, min_demand, wish.cancel});
    send(wish.producer, StageSubscribe{reference, self(), wish.max_demand, wish.partition});
    return Term::reference(reference);
  }
  /// Null when there is none any more.
  Subscription* find(const Reference& reference) {
    for (Subscription& one : all_) {
      if (one.reference == reference) {
        return &one;
      }
    }
    return nullptr;
  }
  void handled(Subscription& subscription, std::int64_t count) {
    subscription.handled += count;
    if (subscription.handled >= subscription.batch_max()) {
      send(subscription.producer, StageAsk{subscription.reference, std::exchange(subscription.handled, 0)});
    }
  }
  /// The producer has ended or does not want it any more. True when it was a subscription of this stage.
  bool ended(const Reference& reference, const Term& reason) {
    Subscription* const found = find(reference);
    if (found == nullptr) {
      return false;
    }
    demonitor(reference);
    const Cancel cancel = found->cancel;
    std::erase_if(all_, [&](const Subscription& one) { return one.reference == reference; });
    const bool orderly = reason.is_atom("normal") || reason.is_atom("shutdown") || reason.is_tagged("shutdown", 2);
    if (cancel == Cancel::permanent || (cancel == Cancel::transient && !orderly)) {
      stop(reason);
    }
    return true;
  }

 private:
  std::vector<Subscription> all_;
};

}  // namespace troupe::stage
