// Savina's Chameneos: 100 creatures meet in pairs at one mall and change colours. An operation is a meeting.
#include <optional>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t creatures = 100;

using Color = std::uint32_t;
constexpr Color colors = 3;

/// The same color stays, two others make the third.
constexpr Color complement(Color one, Color other) { return one == other ? one : colors - one - other; }

struct Meet {
  Pid creature;
  Color color = 0;
};
struct Change {
  Color color = 0;
};
struct Fade {};
struct Faded {
  std::uint64_t meetings = 0;
};

class Creature {
 public:
  using messages = troupe::messages<Meet, Change, Fade>;
  Creature(const Pid& mall, Color color) : mall_(mall), color_(color) { meet(); }

  void handle(const Meet& other) {
    color_ = complement(color_, other.color);
    ++meetings_;
    send(other.creature, Change{color_});
    meet();
  }
  void handle(Change change) {
    color_ = change.color;
    ++meetings_;
    meet();
  }
  void handle(Fade /*fade*/) {
    send(mall_, Faded{meetings_});
    stop_normally();
  }

 private:
  void meet() { send(mall_, Meet{self(), color_}); }

  Pid mall_;
  Color color_;
  std::uint64_t meetings_ = 0;
};

class Mall {
 public:
  using messages = troupe::messages<Meet, Faded>;
  Mall(std::uint64_t meetings, Finish finish) : meetings_left_(meetings), finish_(std::move(finish)) {
    for (std::uint64_t i = 0; i < creatures; ++i) {
      spawn<Creature>(self(), static_cast<Color>(i % colors));
    }
  }

  void handle(const Meet& meet) {
    if (meetings_left_ == 0) {
      send(meet.creature, Fade{});
    } else if (!waiting_) {
      waiting_ = meet.creature;
    } else {
      --meetings_left_;
      send(*waiting_, meet);
      waiting_.reset();
    }
  }
  void handle(Faded faded) {
    met_ += faded.meetings;
    if (++faded_ == creatures) {
      finish_(met_);
      stop_normally();
    }
  }

 private:
  std::uint64_t meetings_left_;
  Finish finish_;
  std::optional<Pid> waiting_;
  std::uint64_t met_ = 0;
  std::uint64_t faded_ = 0;
};

}  // namespace

const Kernel chameneos{"chameneos", 600'000, [](std::uint64_t size) { return 2 * size; },
                       [](std::uint64_t size, Finish finish) { spawn<Mall>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
