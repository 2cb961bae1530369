// Which applications to start, upgrade and stop, from what is wanted and what runs. Pure: the idea of a supervisor, one
// level up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace troupe::node {

struct WantedApplication {
  std::string fingerprint;
  std::string shape;  ///< See ApplicationSpec; "" when it has none, being unreadable.
};

/// What runs, or last ran, of one application.
struct RunningApplication {
  std::string fingerprint;
  std::string shape;
  bool alive = false;
  Instant start_again{};  ///< When it has failed: not before this.
};

struct ApplicationPlan {
  std::vector<std::string> stop;     ///< No longer wanted, or wanted otherwise; before any start.
  std::vector<std::string> upgrade;  ///< Runs, and is wanted with another module.
  std::vector<std::string> start;    ///< By name.
  Instant again = Instant::max();    ///< When the plan changes by time alone.
};

[[nodiscard]] ApplicationPlan plan_applications(const std::map<std::string, WantedApplication>& wanted,
                                                const std::map<std::string, RunningApplication>& running, Instant now);

/// How long a failed application waits: 10 s, doubled with each failure up to 5 min, as a kubelet restarts containers.
[[nodiscard]] Duration application_backoff(int failures);

}  // namespace troupe::node
