// Processes that say one word and end, spawned a thousand at a time by one parent.
#include <algorithm>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

struct Done {};

class Child {
 public:
  using messages = troupe::messages<>;
  explicit Child(const Pid& parent) {
    send(parent, Done{});
    stop_normally();
  }
};

class Parent {
 public:
  using messages = troupe::messages<Done>;
  Parent(std::uint64_t children, Finish finish) : children_(children), finish_(std::move(finish)) { spawn_next(); }

  void handle(Done /*done*/) {
    if (++done_ == children_) {
      finish_(done_);
      stop_normally();
    } else if (done_ == spawned_) {
      spawn_next();
    }
  }

 private:
  void spawn_next() {
    const std::uint64_t until = std::min(children_, spawned_ + burst_messages);
    for (; spawned_ < until; ++spawned_) {
      spawn<Child>(self());
    }
  }

  std::uint64_t children_;
  Finish finish_;
  std::uint64_t spawned_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

const Kernel spawn_exit{"spawn_exit", 1'000'000, every_operation,
                        [](std::uint64_t size, Finish finish) { spawn<Parent>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
