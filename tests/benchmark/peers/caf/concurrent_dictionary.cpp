// Savina's concurrent dictionary: 20 workers read and write one dictionary actor, 10% writes, one request of each
// worker at a time.
#include <random>
#include <unordered_map>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t workers = 20;
constexpr std::uint32_t write_percent = 10;
constexpr std::uint32_t keys = 524'287;

using Write = caf::atom_constant<caf::atom("write")>;
using Read = caf::atom_constant<caf::atom("read")>;
using Found = caf::atom_constant<caf::atom("found")>;
using Worked = caf::atom_constant<caf::atom("worked")>;

class Dictionary : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](Read, std::uint32_t key) {
              const auto found = values_.find(key);
              return caf::make_message(Found::value, found == values_.end() ? 0 : found->second);
            },
            [this](Write, std::uint32_t key, std::uint32_t value) {
              values_.insert_or_assign(key, value);
              return caf::make_message(Found::value, value);
            },
            [this](Stop) { quit(); }};
  }

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> values_;
};

class Worker : public caf::event_based_actor {
 public:
  Worker(caf::actor_config& config, caf::actor master, caf::actor dictionary, std::uint64_t requests,
         std::uint32_t seed)
      : caf::event_based_actor(config),
        master_(std::move(master)),
        dictionary_(std::move(dictionary)),
        left_(requests),
        random_(seed) {}

  caf::behavior make_behavior() override {
    ask();
    return {[this](Found, std::uint32_t value) {
      // Every key has its own number as value, or none yet.
      right_ += value == key_ || (!wrote_ && value == 0) ? 1 : 0;
      if (--left_ > 0) {
        ask();
      } else {
        send(master_, Worked::value, right_);
        quit();
      }
    }};
  }

 private:
  void ask() {
    wrote_ = random_() % 100 < write_percent;
    key_ = static_cast<std::uint32_t>(random_() % keys);
    if (wrote_) {
      send(dictionary_, Write::value, key_, key_);
    } else {
      send(dictionary_, Read::value, key_);
    }
  }

  caf::actor master_;
  caf::actor dictionary_;
  std::uint64_t left_;
  std::minstd_rand0 random_;
  std::uint32_t key_ = 0;
  bool wrote_ = false;
  std::uint64_t right_ = 0;
};

class Master : public caf::event_based_actor {
 public:
  Master(caf::actor_config& config, std::uint64_t requests, Finish finish)
      : caf::event_based_actor(config), requests_(requests), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    dictionary_ = spawn<Dictionary>();
    for (std::uint32_t i = 0; i < workers; ++i) {
      spawn<Worker>(caf::actor(this), dictionary_, requests_, i + 1);
    }
    return {[this](Worked, std::uint64_t right) {
      right_ += right;
      if (++joined_ == workers) {
        send(dictionary_, Stop::value);
        finish_(right_);
        quit();
      }
    }};
  }

 private:
  std::uint64_t requests_;
  Finish finish_;
  caf::actor dictionary_;
  std::uint64_t right_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace

const Kernel concurrent_dictionary{"concurrent_dictionary", in_equal_shares<workers>,
                                   [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                                     return system.spawn<Master>(size / workers, std::move(finish));
                                   }};

}  // namespace bench
