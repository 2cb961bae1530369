// Savina's ThreadRing: one token goes round 100 processes. An operation is a hop.
#include <vector>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t ring_processes = 100;

struct Next {
  Pid node;
};
struct Token {
  std::uint64_t hops = 0;
  std::uint64_t hops_left = 0;
};
struct Arrived {
  std::uint64_t hops = 0;
};
struct Stop {};

class Node {
 public:
  using messages = troupe::messages<Next, Token, Stop>;
  Node(const Pid& ring, const Pid& next) : ring_(ring), next_(next) {}

  void handle(const Next& next) { next_ = next.node; }
  void handle(Token token) {
    if (token.hops_left == 0) {
      send(ring_, Arrived{token.hops});
    } else {
      send(next_, Token{token.hops + 1, token.hops_left - 1});
    }
  }
  void handle(Stop /*stop*/) { stop_normally(); }

 private:
  Pid ring_;
  Pid next_;
};

class Ring {
 public:
  using messages = troupe::messages<Arrived>;
  Ring(std::uint64_t hops, Finish finish) : finish_(std::move(finish)) {
    Pid next;
    for (std::uint64_t i = 0; i < ring_processes; ++i) {
      next = spawn<Node>(self(), next);
      nodes_.push_back(next);
    }
    send(nodes_.front(), Next{nodes_.back()});
    send(nodes_.front(), Token{0, hops});
  }

  void handle(Arrived arrived) {
    for (const Pid& node : nodes_) {
      send(node, Stop{});
    }
    finish_(arrived.hops);
    stop_normally();
  }

 private:
  Finish finish_;
  std::vector<Pid> nodes_;
};

}  // namespace

const Kernel thread_ring{"thread_ring", 4'000'000, every_operation,
                         [](std::uint64_t size, Finish finish) { spawn<Ring>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
