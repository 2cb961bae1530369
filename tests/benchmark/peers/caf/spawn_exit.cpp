// Actors that say one word and end, spawned a thousand at a time by one parent.
#include <algorithm>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

// Without a behavior an actor ends after its function.
void child(caf::event_based_actor* self, const caf::actor& parent) { self->send(parent, Done::value); }

class Parent : public caf::event_based_actor {
 public:
  Parent(caf::actor_config& config, std::uint64_t children, Finish finish)
      : caf::event_based_actor(config), children_(children), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    spawn_next();
    return {[this](Done) {
      if (++done_ == children_) {
        finish_(done_);
        quit();
      } else if (done_ == spawned_) {
        spawn_next();
      }
    }};
  }

 private:
  void spawn_next() {
    const std::uint64_t until = std::min<std::uint64_t>(children_, spawned_ + 1'000);
    const caf::actor parent(this);
    for (; spawned_ < until; ++spawned_) {
      spawn(child, parent);
    }
  }

  std::uint64_t children_;
  Finish finish_;
  std::uint64_t spawned_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

const Kernel spawn_exit{"spawn_exit", every_operation,
                        [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                          return system.spawn<Parent>(size, std::move(finish));
                        }};

}  // namespace bench
