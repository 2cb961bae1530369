// One monitored process at a time: spawned, ended, its Down awaited.
#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

class Child {
 public:
  using messages = troupe::messages<>;
  Child() { stop_normally(); }
};

class Parent {
 public:
  using messages = troupe::messages<>;
  Parent(std::uint64_t children, Finish finish) : children_(children), finish_(std::move(finish)) {
    child_ = spawn_monitor<Child>();
  }

  void handle(const Down& down) {
    ended_ += down.reference == child_.second && down.from == child_.first ? 1 : 0;
    if (++downs_ == children_) {
      finish_(ended_);
      stop_normally();
    } else {
      child_ = spawn_monitor<Child>();
    }
  }

 private:
  std::uint64_t children_;
  Finish finish_;
  std::pair<Pid, Reference> child_;
  std::uint64_t ended_ = 0;
  std::uint64_t downs_ = 0;
};

}  // namespace

const Kernel spawn_monitor_down{"spawn_monitor_down", 600'000, every_operation,
                                [](std::uint64_t size, Finish finish) { spawn<Parent>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
