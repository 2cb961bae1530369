// From a class that produces or consumes to a process class. Users include troupe/stage.hpp.
#pragma once

#include <deque>
#include <type_traits>
#include <utility>
#include <vector>

#include "troupe/forwarding.hpp"
#include "troupe/stage.hpp"
#include "troupe/stage_sides.hpp"

namespace troupe::stage {

template <class S>
concept Produces = requires {
  typename S::produces;
};
template <class S>
concept Consumes = requires {
  typename S::consumes;
};

template <class S>
struct MessagesOf {
  using type = troupe::messages<>;
};
template <class S>
requires requires { typename S::messages; }
struct MessagesOf<S> {
  using type = typename S::messages;
};

template <class S>
struct DispatcherOf {
  using type = DemandDispatcher<typename S::produces>;
};
template <class S>
requires requires { typename S::dispatcher; }
struct DispatcherOf<S> {
  using type = typename S::dispatcher;
};

/// What the runtime tells the user's class, when it wants that.
template <class S>
using RuntimeEvents =
    typename abi::Joined<abi::If<abi::Handles<S, Exit>, Exit>, abi::If<abi::Handles<S, NodeUp>, NodeUp>,
                         abi::If<abi::Handles<S, NodeDown>, NodeDown>, abi::If<abi::Handles<S, Timeout>, Timeout>,
                         abi::If<abi::Handles<S, Term>, Term>>::type;
template <class S>
using UserEvents = typename abi::Joined<typename MessagesOf<S>::type, RuntimeEvents<S>>::type;

/// Nothing, for the side that a stage has not.
struct NoSide {
  explicit NoSide(std::size_t = 0) {}
};
template <class S>
struct ProducerSideOf {
  using type = NoSide;
};
template <Produces S>
struct ProducerSideOf<S> {
  using type = ProducerSide<typename S::produces, typename DispatcherOf<S>::type>;
};
/// What a consumer gets; of no use to others.
template <class S>
struct Consumed {
  using type = NoSide;
};
template <Consumes S>
struct Consumed<S> {
  using type = typename S::consumes;
};
template <class S>
struct OwnMessages {
  using type = troupe::messages<SubscribeTo, StageEvents<typename S::consumes>, StageCancelled>;
};
template <Produces S>
struct OwnMessages<S> {
  using type = troupe::messages<StageSubscribe, StageAsk, StageCancel>;
};
template <class S>
requires Produces<S> && Consumes<S>
struct OwnMessages<S> {
  using type = troupe::messages<StageSubscribe, StageAsk, StageCancel, SubscribeTo, StageEvents<typename S::consumes>,
                                StageCancelled>;
};
template <class S, bool consumes = Consumes<S>>
struct Waiting {};
template <class S>
struct Waiting<S, true> {
  /// Events that a producer_consumer has and nobody wants the outcome of: what it has asked for at most.
  std::deque<StageEvents<typename S::consumes>> events;
};

/// An ordinary process class (troupe/server.hpp) around one stage.
template <class S>
class Process final : public abi::ForwardAll<Process<S>, UserEvents<S>> {
 public:
  static_assert(
      !Produces<S> || Consumes<S> || requires(S & stage, std::int64_t n) { stage.handle_demand(n); },
      "a producer needs handle_demand(std::int64_t)");
  using messages = typename abi::Joined<typename OwnMessages<S>::type, typename MessagesOf<S>::type>::type;
  using named_after = S;
  using abi::ForwardAll<Process<S>, UserEvents<S>>::handle;

  template <class... Arguments>
  requires std::is_constructible_v<S, Arguments...>
  explicit Process(Arguments&&... arguments)
      : stage_(std::forward<Arguments>(arguments)...), producer_(buffer_size_max()) {
    if constexpr (Consumes<S> && requires { stage_.init(); }) {
      for (const SubscribeTo& wish : stage_.init()) {
        handle(wish);
      }
    }
  }

  // --- As a producer ---
  void handle(const StageSubscribe& wish) requires Produces<S> {
    producer_.subscribe(wish);
    meet_demand();
  }
  void handle(const StageAsk& ask) requires Produces<S> {
    producer_.ask(ask);
    meet_demand();
  }
  void handle(const StageCancel& cancel) requires Produces<S> {
    producer_.cancel(cancel);
    meet_demand();
  }

  // --- As a consumer ---
  Term handle(const SubscribeTo& wish) requires Consumes<S> {
    Term answer = consumer_.subscribe(wish);
    if (!answer.as_reference()) {
      abi::host().log(2, abi::to_abi(std::string_view("subscription refused: " + answer.text())));
    }
    return answer;
  }
  void handle(StageEvents<typename Consumed<S>::type>&& events) requires Consumes<S> {
    waiting_.events.push_back(std::move(events));
    consume();
  }
  void handle(const StageCancelled& cancelled) requires Consumes<S> {
    consumer_.ended(cancelled.subscription, cancelled.reason);
  }

  void handle(const Down& down) {
    if constexpr (Produces<S>) {
      if (producer_.down(down.reference)) {
        meet_demand();
        return;
      }
    }
    if constexpr (Consumes<S>) {
      if (consumer_.ended(down.reference, down.reason)) {
        return;
      }
    }
    if constexpr (abi::Handles<S, Down>) {
      stage_.handle(down);
    }
  }

  template <class M>
  void forward(M& message, const From& from) {
    if constexpr (abi::HandlesLater<S, M>) {
      settle([&] { return stage_.handle(std::move(message), from); }, From{});
    } else {
      settle([&] { return stage_.handle(std::move(message)); }, from);
    }
  }

  void terminate(const Term& reason) requires requires(S& stage, const Term& r) { stage.terminate(r); }
  { stage_.terminate(reason); }
  auto save() const requires Saves<S> { return stage_.save(); }

 private:
  static constexpr std::size_t buffer_size_max() {
    if constexpr (requires { S::buffer_size_max; }) {
      return S::buffer_size_max;
    } else {
      return buffer_size_default;
    }
  }

  /// Emits or replies what a handler of the user's returns.
  template <class Call>
  void settle(Call call, const From& from) {
    using R = decltype(call());
    if constexpr (std::is_void_v<R>) {
      call();
      reply(from, Term::atom("ok"));
    } else if constexpr (Produces<S>) {
      settle_result(call(), from);
    } else {
      reply<R>(from, call());
    }
  }
  template <class R>
  void settle_result(R result, const From& from) {
    if constexpr (std::is_same_v<R, std::vector<typename S::produces>>) {
      producer_.emit(std::move(result));
      reply(from, Term::atom("ok"));
    } else {
      reply<R>(from, std::move(result));
    }
  }

  /// Somebody may want more than before.
  void meet_demand() {
    if constexpr (Consumes<S>) {
      consume();
    } else if (const std::int64_t missing = producer_.missing(); missing > 0) {
      producer_.owe(missing);
      producer_.emit(stage_.handle_demand(missing));
    }
  }

  void consume() requires Consumes<S> {
    while (!waiting_.events.empty() && wanted()) {
      auto& first = waiting_.events.front();
      ConsumerSide::Subscription* const subscription = consumer_.find(first.subscription);
      if (subscription == nullptr) {
        waiting_.events.pop_front();  // Cancelled meanwhile.
        continue;
      }
      const std::size_t count = std::min(first.events.size(), static_cast<std::size_t>(subscription->batch_max()));
      const auto end = first.events.begin() + static_cast<std::ptrdiff_t>(count);
      std::vector batch(std::make_move_iterator(first.events.begin()), std::make_move_iterator(end));
      first.events.erase(first.events.begin(), end);
      if (first.events.empty()) {
        waiting_.events.pop_front();
      }
      handle_batch(std::move(batch));
      consumer_.handled(*subscription, static_cast<std::int64_t>(count));
    }
  }
  template <class Batch>
  void handle_batch(Batch batch) {
    if constexpr (Produces<S>) {
      producer_.emit(stage_.handle_events(std::move(batch)));
    } else {
      stage_.handle_events(std::move(batch));
    }
  }
  [[nodiscard]] bool wanted() const {
    if constexpr (Produces<S>) {
      return producer_.missing() > 0;
    } else {
      return true;
    }
  }

  S stage_;
  [[no_unique_address]] typename ProducerSideOf<S>::type producer_;
  [[no_unique_address]] std::conditional_t<Consumes<S>, ConsumerSide, NoSide> consumer_;
  [[no_unique_address]] Waiting<S> waiting_;
};

}  // namespace troupe::stage

namespace troupe::abi {

template <class S>
requires stage::Produces<S> || stage::Consumes<S>
struct ProcessState<S> {
  using type = stage::Process<S>;
};
template <class S>
requires stage::Produces<S> || stage::Consumes<S>
inline troupe_process_class& process_class<S> = process_class<stage::Process<S>>;

}  // namespace troupe::abi
