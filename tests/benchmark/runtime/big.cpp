// Savina's Big: 120 processes, each of which pings another at random and waits for the pong. An operation is a round
// trip.
#include <random>
#include <vector>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t players = 120;

struct Neighbours {
  std::vector<Pid> players;
};
struct Ping {
  Pid from;
};
struct Pong {};
struct Played {};
struct Stop {};
struct Answered {
  std::uint64_t pings = 0;
};

class Player {
 public:
  using messages = troupe::messages<Neighbours, Ping, Pong, Stop>;
  Player(const Pid& sink, std::uint64_t pings, std::uint32_t seed) : sink_(sink), left_(pings), random_(seed) {}

  void handle(Neighbours neighbours) {
    neighbours_ = std::move(neighbours.players);
    ping();
  }
  void handle(const Ping& ping) {
    ++answered_;
    send(ping.from, Pong{});
  }
  void handle(Pong /*pong*/) {
    if (--left_ > 0) {
      ping();
    } else {
      send(sink_, Played{});
    }
  }
  void handle(Stop /*stop*/) {
    send(sink_, Answered{answered_});
    stop_normally();
  }

 private:
  void ping() { send(neighbours_[random_() % neighbours_.size()], Ping{self()}); }

  Pid sink_;
  std::uint64_t left_;
  std::minstd_rand0 random_;
  std::vector<Pid> neighbours_;
  std::uint64_t answered_ = 0;
};

class Sink {
 public:
  using messages = troupe::messages<Played, Answered>;
  Sink(std::uint64_t pings, Finish finish) : finish_(std::move(finish)) {
    for (std::uint32_t i = 0; i < players; ++i) {
      players_.push_back(spawn<Player>(self(), pings, i + 1));
    }
    for (const Pid& player : players_) {
      send(player, Neighbours{players_});
    }
  }

  void handle(Played /*played*/) {
    if (++played_ == players) {
      for (const Pid& player : players_) {
        send(player, Stop{});
      }
    }
  }
  void handle(Answered answered) {
    pings_ += answered.pings;
    if (++stopped_ == players) {
      finish_(pings_);
      stop_normally();
    }
  }

 private:
  Finish finish_;
  std::vector<Pid> players_;
  std::uint64_t played_ = 0;
  std::uint64_t stopped_ = 0;
  std::uint64_t pings_ = 0;
};

}  // namespace

const Kernel big{"big", 2'400'000, in_equal_shares<players>,
                 [](std::uint64_t size, Finish finish) { spawn<Sink>(size / players, std::move(finish)); }};

}  // namespace troupe::benchmark
