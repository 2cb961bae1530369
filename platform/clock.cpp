// The machine's clocks, declared in platform/event_loop.hpp.
#include "platform/event_loop.hpp"

namespace troupe::platform {
namespace {

class RealClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }
  WallTime wall_now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace troupe::platform
