// Savina's fork-join (throughput): one actor deals messages out to 60 workers in turn; each ends after its share.
#include <vector>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t workers = 60;

using Work = caf::atom_constant<caf::atom("work")>;
using Worked = caf::atom_constant<caf::atom("worked")>;

class Worker : public caf::event_based_actor {
 public:
  Worker(caf::actor_config& config, caf::actor dealer, std::uint64_t share)
      : caf::event_based_actor(config), dealer_(std::move(dealer)), share_(share) {}

  caf::behavior make_behavior() override {
    return {[this](Work) {
      if (++count_ == share_) {
        send(dealer_, Worked::value, count_);
        quit();
      }
    }};
  }

 private:
  caf::actor dealer_;
  std::uint64_t share_;
  std::uint64_t count_ = 0;
};

class Dealer : public caf::event_based_actor {
 public:
  Dealer(caf::actor_config& config, std::uint64_t share, Finish finish)
      : caf::event_based_actor(config), share_(share), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    std::vector<caf::actor> all;
    for (std::uint64_t i = 0; i < workers; ++i) {
      all.push_back(spawn<Worker>(caf::actor(this), share_));
    }
    for (std::uint64_t round = 0; round < share_; ++round) {
      for (const caf::actor& worker : all) {
        send(worker, Work::value);
      }
    }
    return {[this](Worked, std::uint64_t count) {
      count_ += count;
      if (++joined_ == workers) {
        finish_(count_);
        quit();
      }
    }};
  }

 private:
  std::uint64_t share_;
  Finish finish_;
  std::uint64_t count_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace

const Kernel fork_join{"fork_join", in_equal_shares<workers>,
                       [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                         return system.spawn<Dealer>(size / workers, std::move(finish));
                       }};

}  // namespace bench
