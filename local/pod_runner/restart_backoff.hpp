// How long a container that ended waits for its next start: a kubelet's 10 s, doubled up to 5 min, and back to none
// after 10 min of running. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace troupe::local {

class RestartBackoff {
 public:
  static constexpr std::chrono::seconds first{10};
  static constexpr std::chrono::seconds most{300};
  static constexpr std::chrono::seconds forgotten_after{600};

  /// A container ended that had run since `started`; the delay before its next start. The first restart waits for
  /// nothing.
  std::chrono::seconds next(Instant started, Instant ended) {
    if (ended - started >= forgotten_after) {
      delay_ = std::chrono::seconds(0);
    }
    const std::chrono::seconds delay = delay_;
    delay_ = std::min(most, std::max(first, delay_ * 2));
    return delay;
  }

 private:
  std::chrono::seconds delay_{0};
};

}  // namespace troupe::local
