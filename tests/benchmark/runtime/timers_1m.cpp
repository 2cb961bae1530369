// 100 processes arm two million timers: a million far ahead, as request timeouts are, which they cancel once all stand,
// and a million that fire within 10 ms. An operation is a timer.
#include <chrono>
#include <vector>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t owners = 100;
constexpr std::chrono::seconds far_delay{60};
constexpr std::uint64_t near_delay_ms_max = 10;

struct Arm {};
struct Armed {};
struct Cancel {};
struct Finished {
  std::uint64_t timers = 0;
};

class Owner {
 public:
  using messages = troupe::messages<Arm, Cancel>;
  Owner(const Pid& root, std::uint64_t pairs) : root_(root), pairs_(pairs) { send(self(), Arm{}); }

  void handle(Arm /*arm*/) {
    for (std::uint64_t i = 0; i < pairs_; ++i) {
      far_.push_back(start_timer(far_delay));
      start_timer(std::chrono::milliseconds(1 + i % near_delay_ms_max));
    }
    send(root_, Armed{});
  }
  void handle(Cancel /*cancel*/) {
    for (const TimerReference timer : far_) {
      cancelled_ += cancel_timer(timer) ? 1 : 0;
    }
    finish_when_done();
  }
  void handle(Timeout /*timeout*/) {
    ++fired_;
    finish_when_done();
  }

 private:
  void finish_when_done() {
    if (cancelled_ == pairs_ && fired_ == pairs_) {
      send(root_, Finished{cancelled_ + fired_});
      stop_normally();
    }
  }

  Pid root_;
  std::uint64_t pairs_;
  std::vector<TimerReference> far_;
  std::uint64_t cancelled_ = 0;
  std::uint64_t fired_ = 0;
};

class Root {
 public:
  using messages = troupe::messages<Armed, Finished>;
  Root(std::uint64_t pairs_each, Finish finish) : finish_(std::move(finish)) {
    for (std::uint64_t i = 0; i < owners; ++i) {
      owners_.push_back(spawn<Owner>(self(), pairs_each));
    }
  }

  void handle(Armed /*armed*/) {
    if (++armed_ == owners) {
      for (const Pid& owner : owners_) {
        send(owner, Cancel{});
      }
    }
  }
  void handle(Finished finished) {
    timers_ += finished.timers;
    if (++finished_ == owners) {
      finish_(timers_);
      stop_normally();
    }
  }

 private:
  Finish finish_;
  std::vector<Pid> owners_;
  std::uint64_t armed_ = 0;
  std::uint64_t timers_ = 0;
  std::uint64_t finished_ = 0;
};

}  // namespace

const Kernel timers_1m{"timers_1m", 2'000'000, in_equal_shares<2 * owners>,
                       [](std::uint64_t size, Finish finish) { spawn<Root>(size / (2 * owners), std::move(finish)); }};

}  // namespace troupe::benchmark
