// Savina's Counting: one actor sends increments to another as fast as it can, then asks for the count.
#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

using Increment = caf::atom_constant<caf::atom("increment")>;
using Retrieve = caf::atom_constant<caf::atom("retrieve")>;

class Counter : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](Increment) { ++count_; },
            [this](Retrieve) {
              quit();
              return count_;
            }};
  }

 private:
  std::uint64_t count_ = 0;
};

void producer(caf::event_based_actor* self, std::uint64_t increments, const Finish& finish) {
  const auto counter = self->spawn<Counter>();
  for (std::uint64_t i = 0; i < increments; ++i) {
    self->send(counter, Increment::value);
  }
  self->request(counter, caf::infinite, Retrieve::value).then([=](std::uint64_t count) { finish(count); });
}

}  // namespace

const Kernel counting{"counting", every_operation, [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                        return system.spawn(producer, size, std::move(finish));
                      }};

}  // namespace bench
