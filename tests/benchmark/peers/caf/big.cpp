// Savina's Big: 120 actors, each of which pings another at random and waits for the pong.
#include <random>
#include <vector>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t players = 120;

using Neighbours = caf::atom_constant<caf::atom("neighbours")>;
using Ping = caf::atom_constant<caf::atom("ping")>;
using Pong = caf::atom_constant<caf::atom("pong")>;
using Played = caf::atom_constant<caf::atom("played")>;
using Answered = caf::atom_constant<caf::atom("answered")>;

class Player : public caf::event_based_actor {
 public:
  Player(caf::actor_config& config, caf::actor sink, std::uint64_t pings, std::uint32_t seed)
      : caf::event_based_actor(config), sink_(std::move(sink)), left_(pings), random_(seed) {}

  caf::behavior make_behavior() override {
    return {[this](Ping) {
              ++answered_;
              return Pong::value;
            },
            [this](Pong) {
              if (--left_ > 0) {
                ping();
              } else {
                send(sink_, Played::value);
              }
            },
            [this](Neighbours, std::vector<caf::actor>& neighbours) {
              neighbours_ = std::move(neighbours);
              ping();
            },
            [this](Stop) {
              send(sink_, Answered::value, answered_);
              // Handles in a circle would keep all of them for ever.
              neighbours_.clear();
              sink_ = nullptr;
              quit();
            }};
  }

 private:
  void ping() { send(neighbours_[random_() % neighbours_.size()], Ping::value); }

  caf::actor sink_;
  std::uint64_t left_;
  std::minstd_rand0 random_;
  std::vector<caf::actor> neighbours_;
  std::uint64_t answered_ = 0;
};

class Sink : public caf::event_based_actor {
 public:
  Sink(caf::actor_config& config, std::uint64_t pings, Finish finish)
      : caf::event_based_actor(config), pings_each_(pings), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    for (std::uint32_t i = 0; i < players; ++i) {
      players_.push_back(spawn<Player>(caf::actor(this), pings_each_, i + 1));
    }
    for (const caf::actor& player : players_) {
      send(player, Neighbours::value, players_);
    }
    return {[this](Played) {
              if (++played_ == players) {
                for (const caf::actor& player : players_) {
                  send(player, Stop::value);
                }
                players_.clear();
              }
            },
            [this](Answered, std::uint64_t pings) {
              pings_ += pings;
              if (++stopped_ == players) {
                finish_(pings_);
                quit();
              }
            }};
  }

 private:
  std::uint64_t pings_each_;
  Finish finish_;
  std::vector<caf::actor> players_;
  std::uint64_t played_ = 0;
  std::uint64_t stopped_ = 0;
  std::uint64_t pings_ = 0;
};

}  // namespace

const Kernel big{"big", in_equal_shares<players>, [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                   return system.spawn<Sink>(size / players, std::move(finish));
                 }};

}  // namespace bench
