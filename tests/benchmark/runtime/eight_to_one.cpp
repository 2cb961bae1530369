// Eight processes send to one as fast as they can.
#include <algorithm>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t senders = 8;

struct Increment {};
struct Continue {};

class Sender {
 public:
  using messages = troupe::messages<Continue>;
  Sender(const Pid& receiver, std::uint64_t increments) : receiver_(receiver), left_(increments) {
    send(self(), Continue{});
  }

  void handle(Continue /*next*/) {
    const std::uint64_t burst = std::min(left_, burst_messages);
    for (std::uint64_t i = 0; i < burst; ++i) {
      send(receiver_, Increment{});
    }
    left_ -= burst;
    if (left_ > 0) {
      send(self(), Continue{});
    } else {
      stop_normally();
    }
  }

 private:
  Pid receiver_;
  std::uint64_t left_;
};

class Receiver {
 public:
  using messages = troupe::messages<Increment>;
  Receiver(std::uint64_t increments, Finish finish) : increments_(increments), finish_(std::move(finish)) {
    for (std::uint64_t i = 0; i < senders; ++i) {
      spawn<Sender>(self(), increments / senders);
    }
  }

  void handle(Increment /*increment*/) {
    if (++count_ == increments_) {
      finish_(count_);
      stop_normally();
    }
  }

 private:
  std::uint64_t increments_;
  Finish finish_;
  std::uint64_t count_ = 0;
};

}  // namespace

const Kernel eight_to_one{"eight_to_one", 6'000'000, in_equal_shares<senders>, [](std::uint64_t size, Finish finish) {
                            spawn<Receiver>(in_equal_shares<senders>(size), std::move(finish));
                          }};

}  // namespace troupe::benchmark
