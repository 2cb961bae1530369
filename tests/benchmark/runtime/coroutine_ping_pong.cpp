// ping_pong with coroutine processes in place of handler classes. At the peers it is their ping_pong: Erlang's
// processes are written like this always. An operation is a round trip.
#include "troupe/coroutine.hpp"

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

struct Ping {
  Pid from;
};
struct Pong {};
struct Stop {};

Coroutine<> ponger() {
  for (;;) {
    const auto message = co_await receive<Ping, Stop>();
    const auto* const ping = std::get_if<Ping>(&message);
    if (ping == nullptr) {
      co_return;
    }
    send(ping->from, Pong{});
  }
}

Coroutine<> pinger(std::uint64_t pings, Finish finish) {
  const Pid other = spawn<ponger>();
  std::uint64_t pongs = 0;
  while (pongs < pings) {
    send(other, Ping{self()});
    co_await receive<Pong>();
    ++pongs;
  }
  send(other, Stop{});
  finish(pongs);
}

}  // namespace

const Kernel coroutine_ping_pong{"coroutine_ping_pong", 1'500'000, every_operation,
                                 [](std::uint64_t size, Finish finish) { spawn<pinger>(size, std::move(finish)); },
                                 "ping_pong"};

}  // namespace troupe::benchmark
