// Savina's ThreadRing: one token goes round 100 actors.
#include <vector>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t ring_actors = 100;

using Arrived = caf::atom_constant<caf::atom("arrived")>;
using Next = caf::atom_constant<caf::atom("next")>;
using Token = caf::atom_constant<caf::atom("token")>;

class Node : public caf::event_based_actor {
 public:
  Node(caf::actor_config& config, caf::actor ring, caf::actor next)
      : caf::event_based_actor(config), ring_(std::move(ring)), next_(std::move(next)) {}

  caf::behavior make_behavior() override {
    return {[this](Token, std::uint64_t hops, std::uint64_t left) {
              if (left == 0) {
                send(ring_, Arrived::value, hops);
              } else {
                send(next_, Token::value, hops + 1, left - 1);
              }
            },
            [this](Next, const caf::actor& next) { next_ = next; },
            [this](Stop) {
              next_ = nullptr;
              quit();
            }};
  }

 private:
  caf::actor ring_;
  caf::actor next_;
};

class Ring : public caf::event_based_actor {
 public:
  Ring(caf::actor_config& config, std::uint64_t hops, Finish finish)
      : caf::event_based_actor(config), hops_(hops), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    caf::actor next;
    for (std::uint64_t i = 0; i < ring_actors; ++i) {
      next = spawn<Node>(caf::actor(this), next);
      nodes_.push_back(next);
    }
    send(nodes_.front(), Next::value, nodes_.back());
    send(nodes_.front(), Token::value, std::uint64_t{0}, hops_);
    return {[this](Arrived, std::uint64_t hops) {
      for (const caf::actor& node : nodes_) {
        send(node, Stop::value);
      }
      nodes_.clear();
      finish_(hops);
      quit();
    }};
  }

 private:
  std::uint64_t hops_;
  Finish finish_;
  std::vector<caf::actor> nodes_;
};

}  // namespace

const Kernel thread_ring{"thread_ring", every_operation,
                         [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                           return system.spawn<Ring>(size, std::move(finish));
                         }};

}  // namespace bench
