// Stages: producers, consumers and those that are both, where nothing is sent that was not asked for. Elixir's
// GenStage.
//
//   namespace stage = troupe::stage;
//   class Numbers {                                                   // a producer
//    public:
//     using produces = std::int64_t;
//     std::vector<std::int64_t> handle_demand(std::int64_t demand);   // at most `demand`; fewer: emitted later
//   };
//   class Doubler {                                                   // a producer_consumer
//    public:
//     using consumes = std::int64_t;
//     using produces = std::int64_t;
//     std::vector<std::int64_t> handle_events(std::vector<std::int64_t> events);
//   };
//   class Printer {                                                   // a consumer
//    public:
//     using consumes = std::int64_t;
//     void handle_events(std::vector<std::int64_t> events);
//   };
//   const auto numbers = spawn<Numbers>(), doubler = spawn<Doubler>(), printer = spawn<Printer>();
//   stage::subscribe(doubler, numbers);
//   stage::subscribe(printer, doubler, {.max_demand = 100});
//
// A class with `produces` or `consumes` is a stage wherever a process class may stand. Its callbacks run one at a time,
// as any handler.
//
// **Demand.** A subscription asks for `max_demand` events, and for more whenever it has handled so many that at most
// `min_demand` are still to come; handle_events gets them in batches of at most max_demand - min_demand. handle_demand
// is told how many events are wanted beyond those it still owes: what it does not return it emits later. A
// producer_consumer handles events only while somebody wants what it makes of them.
//
// **Emitting otherwise.** A stage may have `messages` and `handle` as any server (troupe/server.hpp); a `handle` that
// returns std::vector<produces> emits that. What nobody has asked for waits in a buffer of `buffer_size_max` events,
// 10,000 unless the class says `static constexpr std::size_t buffer_size_max`; past that the oldest are dropped, with
// a warning in the log.
//
// **Dispatchers** say who gets an event: `using dispatcher = ...`, stage::DemandDispatcher (the one who asked for most;
// the default), BroadcastDispatcher (everybody, at the pace of the slowest), PartitionDispatcher (by the event).
//
// **Ends.** Both sides monitor each other. A producer goes on without a consumer that has ended. What a consumer does
// when a subscription is cancelled or the producer ends, `cancel` of its options says.
//
// A producer may be in another image or on another node: events then travel as terms, so they need a form as one
// (troupe/struct_term.hpp). When the link to its node breaks it has ended, with `noconnection`.
// Source: lib/gen_stage.ex of GenStage 1.2.
#pragma once

#include <cstdint>

#include "troupe/process.hpp"
#include "troupe/stage_dispatchers.hpp"

namespace troupe::stage {

/// Whether a consumer ends when its subscription does, with the same reason: always, only when the reason is another
/// than normal, shutdown and {shutdown, _}, or never.
enum class Cancel { permanent, transient, temporary };

struct Options {
  std::int64_t max_demand = 1'000;  ///< Events on their way at most. GenStage's default.
  std::int64_t min_demand = -1;     ///< -1: half of max_demand, GenStage's default. Below max_demand.
  Cancel cancel = Cancel::permanent;
  std::int64_t partition = -1;  ///< For a PartitionDispatcher, which needs it.
};

/// To a consumer: subscribe to `producer`. Called, it answers with the subscription's reference, or an error
/// {error, {bad_options, What}}; one that `subscribe` sends with bad options is logged and dropped.
struct SubscribeTo {
  using Reply = Term;
  Pid producer;
  std::int64_t max_demand = 1'000;
  std::int64_t min_demand = -1;
  Cancel cancel = Cancel::permanent;
  std::int64_t partition = -1;
};
inline SubscribeTo subscribe_to(const Pid& producer, const Options& options = {}) {
  return {producer, options.max_demand, options.min_demand, options.cancel, options.partition};
}
/// GenStage's async_subscribe. From any thread. A consumer class can do so from its start:
/// `std::vector<SubscribeTo> init() const`.
inline SendResult subscribe(const Pid& consumer, const Pid& producer, const Options& options = {}) {
  return send(consumer, subscribe_to(producer, options));
}

// --- What stages tell each other ---

/// Consumer to producer: `demand` is the first Ask.
struct StageSubscribe {
  Reference subscription;
  Pid consumer;
  std::int64_t demand = 0;
  std::int64_t partition = -1;
};
struct StageAsk {
  Reference subscription;
  std::int64_t count = 0;
};
/// To the producer; the consumer is told, and does what its options say. GenStage.cancel.
struct StageCancel {
  Reference subscription;
  Term reason;
};
inline SendResult cancel(const Pid& producer, const Reference& subscription, Term reason) {
  return send(producer, StageCancel{subscription, std::move(reason)});
}
/// Producer to consumer.
template <class E>
struct StageEvents {
  Reference subscription;
  std::vector<E> events;
};
struct StageCancelled {
  Reference subscription;
  Term reason;
};

}  // namespace troupe::stage

#include "troupe/stage_process.hpp"
