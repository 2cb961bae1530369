// 100 actors arm two million timers and want a million of them. CAF 0.17 cannot take a delayed message back: those that
// nobody wants any more come all the same, within 10 ms as the others, and are ignored.
#include <chrono>
#include <vector>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t owners = 100;
constexpr std::uint64_t delay_ms_max = 10;

using Wanted = caf::atom_constant<caf::atom("wanted")>;
using Unwanted = caf::atom_constant<caf::atom("unwanted")>;
using Finished = caf::atom_constant<caf::atom("finished")>;

class Owner : public caf::event_based_actor {
 public:
  Owner(caf::actor_config& config, caf::actor root, std::uint64_t pairs)
      : caf::event_based_actor(config), root_(std::move(root)), pairs_(pairs) {}

  caf::behavior make_behavior() override {
    const caf::actor me(this);
    for (std::uint64_t i = 0; i < pairs_; ++i) {
      const std::chrono::milliseconds delay(1 + i % delay_ms_max);
      delayed_send(me, delay, Unwanted::value);
      delayed_send(me, delay, Wanted::value);
    }
    return {[this](Wanted) { come(fired_); }, [this](Unwanted) { come(ignored_); }};
  }

 private:
  void come(std::uint64_t& count) {
    ++count;
    if (fired_ == pairs_ && ignored_ == pairs_) {
      send(root_, Finished::value, fired_ + ignored_);
      quit();
    }
  }

  caf::actor root_;
  std::uint64_t pairs_;
  std::uint64_t fired_ = 0;
  std::uint64_t ignored_ = 0;
};

class Root : public caf::event_based_actor {
 public:
  Root(caf::actor_config& config, std::uint64_t pairs_each, Finish finish)
      : caf::event_based_actor(config), pairs_each_(pairs_each), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    for (std::uint64_t i = 0; i < owners; ++i) {
      spawn<Owner>(caf::actor(this), pairs_each_);
    }
    return {[this](Finished, std::uint64_t timers) {
      timers_ += timers;
      if (++finished_ == owners) {
        finish_(timers_);
        quit();
      }
    }};
  }

 private:
  std::uint64_t pairs_each_;
  Finish finish_;
  std::uint64_t timers_ = 0;
  std::uint64_t finished_ = 0;
};

}  // namespace

const Kernel timers_1m{"timers_1m", in_equal_shares<2 * owners>,
                       [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                         return system.spawn<Root>(size / (2 * owners), std::move(finish));
                       }};

}  // namespace bench
