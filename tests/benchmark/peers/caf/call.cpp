// A request from one actor to another, one at a time.
#include <chrono>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

using Next = caf::atom_constant<caf::atom("next")>;

class Sequence : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](Next) { return ++last_; }, [this](Stop) { quit(); }};
  }

 private:
  std::uint64_t last_ = 0;
};

class Caller : public caf::event_based_actor {
 public:
  Caller(caf::actor_config& config, std::uint64_t calls, Finish finish)
      : caf::event_based_actor(config), calls_(calls), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    sequence_ = spawn<Sequence>();
    call_next();
    return {[](Stop) {}};
  }

 private:
  void call_next() {
    request(sequence_, std::chrono::seconds(5), Next::value).then([this](std::uint64_t number) {
      answered_ += number == answered_ + 1 ? 1 : 0;
      if (++responses_ < calls_) {
        call_next();
        return;
      }
      send(sequence_, Stop::value);
      finish_(answered_);
      quit();
    });
  }

  std::uint64_t calls_;
  Finish finish_;
  caf::actor sequence_;
  std::uint64_t answered_ = 0;
  std::uint64_t responses_ = 0;
};

}  // namespace

const Kernel call{"call", every_operation, [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                    return system.spawn<Caller>(size, std::move(finish));
                  }};

}  // namespace bench
