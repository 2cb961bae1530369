// Skynet: a tree of actors, ten children each, whose leaves send their numbers up to be added.
#include <algorithm>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t children_max = 10;

void leaf(caf::event_based_actor* self, const caf::actor& parent, std::uint64_t number) { self->send(parent, number); }

class Node : public caf::event_based_actor {
 public:
  Node(caf::actor_config& config, caf::actor parent, std::uint64_t first, std::uint64_t leaves)
      : caf::event_based_actor(config), parent_(std::move(parent)), first_(first), leaves_(leaves) {}

  caf::behavior make_behavior() override {
    missing_ = std::min(leaves_, children_max);
    const std::uint64_t share = leaves_ / missing_;
    const caf::actor me(this);
    for (std::uint64_t i = 0; i < missing_; ++i) {
      const std::uint64_t first = first_ + i * share;
      const std::uint64_t leaves = i + 1 < missing_ ? share : leaves_ - i * share;
      if (leaves == 1) {
        spawn(leaf, me, first);
      } else {
        spawn<Node>(me, first, leaves);
      }
    }
    return {[this](std::uint64_t value) {
      sum_ += value;
      if (--missing_ == 0) {
        send(parent_, sum_);
        quit();
      }
    }};
  }

 private:
  caf::actor parent_;
  std::uint64_t first_;
  std::uint64_t leaves_;
  std::uint64_t missing_ = 0;
  std::uint64_t sum_ = 0;
};

caf::behavior root(caf::event_based_actor* self, std::uint64_t leaves, const Finish& finish) {
  self->spawn<Node>(caf::actor(self), std::uint64_t{0}, leaves);
  return {[=](std::uint64_t sum) {
    finish(sum);
    self->quit();
  }};
}

}  // namespace

const Kernel skynet{"skynet", [](std::uint64_t size) { return size * (size - 1) / 2; },
                    [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                      return system.spawn(root, size, std::move(finish));
                    }};

}  // namespace bench
