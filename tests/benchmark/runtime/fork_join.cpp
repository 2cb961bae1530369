// Savina's fork-join (throughput): one process deals messages out to 60 workers in turn; each ends after its share.
#include <algorithm>
#include <vector>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t workers = 60;

struct Work {};
struct Worked {
  std::uint64_t count = 0;
};
struct Continue {};

class Worker {
 public:
  using messages = troupe::messages<Work>;
  Worker(const Pid& dealer, std::uint64_t share) : dealer_(dealer), share_(share) {}

  void handle(Work /*work*/) {
    if (++count_ == share_) {
      send(dealer_, Worked{count_});
      stop_normally();
    }
  }

 private:
  Pid dealer_;
  std::uint64_t share_;
  std::uint64_t count_ = 0;
};

class Dealer {
 public:
  using messages = troupe::messages<Continue, Worked>;
  Dealer(std::uint64_t share, Finish finish) : rounds_left_(share), finish_(std::move(finish)) {
    for (std::uint64_t i = 0; i < workers; ++i) {
      workers_.push_back(spawn<Worker>(self(), share));
    }
    send(self(), Continue{});
  }

  void handle(Continue /*next*/) {
    const std::uint64_t rounds = std::min(rounds_left_, burst_messages / workers);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (const Pid& worker : workers_) {
        send(worker, Work{});
      }
    }
    rounds_left_ -= rounds;
    if (rounds_left_ > 0) {
      send(self(), Continue{});
    }
  }
  void handle(Worked worked) {
    count_ += worked.count;
    if (++joined_ == workers) {
      finish_(count_);
      stop_normally();
    }
  }

 private:
  std::uint64_t rounds_left_;
  Finish finish_;
  std::vector<Pid> workers_;
  std::uint64_t count_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace

const Kernel fork_join{"fork_join", 3'000'000, in_equal_shares<workers>,
                       [](std::uint64_t size, Finish finish) { spawn<Dealer>(size / workers, std::move(finish)); }};

}  // namespace troupe::benchmark
