// Eight actors send to one as fast as they can.
#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t senders = 8;

using Increment = caf::atom_constant<caf::atom("increment")>;

void flood(caf::event_based_actor* self, const caf::actor& receiver, std::uint64_t increments) {
  for (std::uint64_t i = 0; i < increments; ++i) {
    self->send(receiver, Increment::value);
  }
}

class Receiver : public caf::event_based_actor {
 public:
  Receiver(caf::actor_config& config, std::uint64_t increments, Finish finish)
      : caf::event_based_actor(config), increments_(increments), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    for (std::uint64_t i = 0; i < senders; ++i) {
      spawn(flood, caf::actor(this), increments_ / senders);
    }
    return {[this](Increment) {
      if (++count_ == increments_) {
        finish_(count_);
        quit();
      }
    }};
  }

 private:
  std::uint64_t increments_;
  Finish finish_;
  std::uint64_t count_ = 0;
};

}  // namespace

const Kernel eight_to_one{"eight_to_one", in_equal_shares<senders>,
                          [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                            return system.spawn<Receiver>(in_equal_shares<senders>(size), std::move(finish));
                          }};

}  // namespace bench
