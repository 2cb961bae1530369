// Savina's PingPong: two processes, one message on its way at a time. An operation is a round trip.
#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

struct Ping {
  Pid from;
};
struct Pong {};
struct Stop {};

class Ponger {
 public:
  using messages = troupe::messages<Ping, Stop>;
  void handle(const Ping& ping) { send(ping.from, Pong{}); }
  void handle(Stop /*stop*/) { stop_normally(); }
};

class Pinger {
 public:
  using messages = troupe::messages<Pong>;
  Pinger(std::uint64_t pings, Finish finish) : pings_(pings), finish_(std::move(finish)), ponger_(spawn<Ponger>()) {
    send(ponger_, Ping{self()});
  }

  void handle(Pong /*pong*/) {
    if (++pongs_ < pings_) {
      send(ponger_, Ping{self()});
      return;
    }
    send(ponger_, Stop{});
    finish_(pongs_);
    stop_normally();
  }

 private:
  std::uint64_t pings_;
  Finish finish_;
  Pid ponger_;
  std::uint64_t pongs_ = 0;
};

}  // namespace

const Kernel ping_pong{"ping_pong", 1'500'000, every_operation,
                       [](std::uint64_t size, Finish finish) { spawn<Pinger>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
