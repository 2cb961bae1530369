// One monitored actor at a time: spawned, ended, its down message awaited.
#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

void child(caf::event_based_actor* /*self*/) {}

class Parent : public caf::event_based_actor {
 public:
  Parent(caf::actor_config& config, std::uint64_t children, Finish finish)
      : caf::event_based_actor(config), children_(children), finish_(std::move(finish)) {
    set_down_handler([this](caf::down_msg& down) {
      ended_ += down.source == child_ ? 1 : 0;
      if (++downs_ == children_) {
        finish_(ended_);
        quit();
      } else {
        spawn_child();
      }
    });
  }

  caf::behavior make_behavior() override {
    spawn_child();
    return {[](Stop) {}};
  }

 private:
  void spawn_child() { child_ = spawn<caf::monitored>(child).address(); }

  std::uint64_t children_;
  Finish finish_;
  caf::actor_addr child_;
  std::uint64_t ended_ = 0;
  std::uint64_t downs_ = 0;
};

}  // namespace

const Kernel spawn_monitor_down{"spawn_monitor_down", every_operation,
                                [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                                  return system.spawn<Parent>(size, std::move(finish));
                                }};

}  // namespace bench
