// Savina's PingPong: two actors, one message on its way at a time.
#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

using Ping = caf::atom_constant<caf::atom("ping")>;
using Pong = caf::atom_constant<caf::atom("pong")>;

caf::behavior ponger(caf::event_based_actor* self) {
  return {[](Ping) { return Pong::value; }, [=](Stop) { self->quit(); }};
}

class Pinger : public caf::event_based_actor {
 public:
  Pinger(caf::actor_config& config, std::uint64_t pings, Finish finish)
      : caf::event_based_actor(config), pings_(pings), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    ponger_ = spawn(ponger);
    send(ponger_, Ping::value);
    return {[this](Pong) {
      if (++pongs_ < pings_) {
        send(ponger_, Ping::value);
        return;
      }
      send(ponger_, Stop::value);
      finish_(pongs_);
      quit();
    }};
  }

 private:
  std::uint64_t pings_;
  Finish finish_;
  caf::actor ponger_;
  std::uint64_t pongs_ = 0;
};

}  // namespace

const Kernel ping_pong{"ping_pong", every_operation, [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                         return system.spawn<Pinger>(size, std::move(finish));
                       }};

}  // namespace bench
