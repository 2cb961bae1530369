// Savina's Chameneos: 100 creatures meet in pairs at one mall and change colours.
#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint64_t creatures = 100;
constexpr std::uint32_t colors = 3;

using Meet = caf::atom_constant<caf::atom("meet")>;
using Change = caf::atom_constant<caf::atom("change")>;
using Fade = caf::atom_constant<caf::atom("fade")>;
using Faded = caf::atom_constant<caf::atom("faded")>;

/// The same color stays, two others make the third.
std::uint32_t complement(std::uint32_t one, std::uint32_t other) { return one == other ? one : colors - one - other; }

class Creature : public caf::event_based_actor {
 public:
  Creature(caf::actor_config& config, caf::actor mall, std::uint32_t color)
      : caf::event_based_actor(config), mall_(std::move(mall)), color_(color) {}

  caf::behavior make_behavior() override {
    meet();
    return {[this](Meet, const caf::actor& other, std::uint32_t color) {
              color_ = complement(color_, color);
              ++meetings_;
              send(other, Change::value, color_);
              meet();
            },
            [this](Change, std::uint32_t color) {
              color_ = color;
              ++meetings_;
              meet();
            },
            [this](Fade) {
              send(mall_, Faded::value, meetings_);
              mall_ = nullptr;
              quit();
            }};
  }

 private:
  void meet() { send(mall_, Meet::value, caf::actor(this), color_); }

  caf::actor mall_;
  std::uint32_t color_;
  std::uint64_t meetings_ = 0;
};

class Mall : public caf::event_based_actor {
 public:
  Mall(caf::actor_config& config, std::uint64_t meetings, Finish finish)
      : caf::event_based_actor(config), meetings_left_(meetings), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    for (std::uint64_t i = 0; i < creatures; ++i) {
      spawn<Creature>(caf::actor(this), static_cast<std::uint32_t>(i % colors));
    }
    return {[this](Meet, caf::actor& creature, std::uint32_t color) {
              if (meetings_left_ == 0) {
                send(creature, Fade::value);
              } else if (!waiting_) {
                waiting_ = std::move(creature);
              } else {
                --meetings_left_;
                send(waiting_, Meet::value, std::move(creature), color);
                waiting_ = nullptr;
              }
            },
            [this](Faded, std::uint64_t meetings) {
              met_ += meetings;
              if (++faded_ == creatures) {
                finish_(met_);
                quit();
              }
            }};
  }

 private:
  std::uint64_t meetings_left_;
  Finish finish_;
  caf::actor waiting_;
  std::uint64_t met_ = 0;
  std::uint64_t faded_ = 0;
};

}  // namespace

const Kernel chameneos{"chameneos", [](std::uint64_t size) { return 2 * size; },
                       [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                         return system.spawn<Mall>(size, std::move(finish));
                       }};

}  // namespace bench
