// Savina's Counting: one process sends increments to another as fast as it can, then asks for the count.
#include <algorithm>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

struct Increment {};
struct Retrieve {
  Pid from;
};
struct Counted {
  std::uint64_t count = 0;
};
struct Continue {};

class Counter {
 public:
  using messages = troupe::messages<Increment, Retrieve>;
  void handle(Increment /*increment*/) { ++count_; }
  void handle(const Retrieve& retrieve) {
    send(retrieve.from, Counted{count_});
    stop_normally();
  }

 private:
  std::uint64_t count_ = 0;
};

class Producer {
 public:
  using messages = troupe::messages<Continue, Counted>;
  Producer(std::uint64_t increments, Finish finish)
      : left_(increments), finish_(std::move(finish)), counter_(spawn<Counter>()) {
    send(self(), Continue{});
  }

  void handle(Continue /*next*/) {
    const std::uint64_t burst = std::min(left_, burst_messages);
    for (std::uint64_t i = 0; i < burst; ++i) {
      send(counter_, Increment{});
    }
    left_ -= burst;
    if (left_ > 0) {
      send(self(), Continue{});
    } else {
      send(counter_, Retrieve{self()});
    }
  }
  void handle(Counted counted) {
    finish_(counted.count);
    stop_normally();
  }

 private:
  std::uint64_t left_;
  Finish finish_;
  Pid counter_;
};

}  // namespace

const Kernel counting{"counting", 6'000'000, every_operation,
                      [](std::uint64_t size, Finish finish) { spawn<Producer>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
