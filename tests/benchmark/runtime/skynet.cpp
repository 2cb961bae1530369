// Skynet: a tree of processes, ten children each, whose leaves send their numbers up to be added. An operation is a
// leaf; a million of them make 1,111,111 processes.
#include <algorithm>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t children_max = 10;

struct Grow {};
struct Sum {
  std::uint64_t value = 0;
};

class Node {
 public:
  using messages = troupe::messages<Grow, Sum>;
  Node(const Pid& parent, std::uint64_t first, std::uint64_t leaves) : parent_(parent), first_(first), leaves_(leaves) {
    if (leaves_ == 1) {
      send(parent_, Sum{first_});
      stop_normally();
    } else {
      // Not here: constructors run on the spawner's thread, and other threads may take this node.
      send(self(), Grow{});
    }
  }

  void handle(Grow /*grow*/) {
    missing_ = std::min(leaves_, children_max);
    const std::uint64_t share = leaves_ / missing_;
    for (std::uint64_t i = 0; i < missing_; ++i) {
      spawn<Node>(self(), first_ + i * share, i + 1 < missing_ ? share : leaves_ - i * share);
    }
  }
  void handle(Sum sum) {
    sum_ += sum.value;
    if (--missing_ == 0) {
      send(parent_, Sum{sum_});
      stop_normally();
    }
  }

 private:
  Pid parent_;
  std::uint64_t first_;
  std::uint64_t leaves_;
  std::uint64_t missing_ = 0;
  std::uint64_t sum_ = 0;
};

class Root {
 public:
  using messages = troupe::messages<Sum>;
  Root(std::uint64_t leaves, Finish finish) : finish_(std::move(finish)) { spawn<Node>(self(), 0, leaves); }

  void handle(Sum sum) {
    finish_(sum.value);
    stop_normally();
  }

 private:
  Finish finish_;
};

}  // namespace

const Kernel skynet{"skynet", 1'000'000, [](std::uint64_t size) { return size * (size - 1) / 2; },
                    [](std::uint64_t size, Finish finish) { spawn<Root>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
