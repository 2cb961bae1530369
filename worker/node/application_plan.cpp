#include "worker/node/application_plan.hpp"

#include <algorithm>

namespace troupe::node {

ApplicationPlan plan_applications(const std::map<std::string, std::string>& wanted,
                                  const std::map<std::string, RunningApplication>& running, Instant now) {
  ApplicationPlan plan;
  for (const auto& [name, application] : running) {
    const auto still = wanted.find(name);
    if (still == wanted.end() || still->second != application.fingerprint) {
      plan.stop.push_back(name);
    }
  }
  for (const auto& [name, fingerprint] : wanted) {
    const auto found = running.find(name);
    if (found == running.end() || found->second.fingerprint != fingerprint) {
      plan.start.push_back(name);
    } else if (!found->second.alive && now >= found->second.start_again) {
      plan.start.push_back(name);
    } else if (!found->second.alive) {
      plan.again = std::min(plan.again, found->second.start_again);
    }
  }
  return plan;
}

Duration application_backoff(int failures) {
  const int doublings = std::clamp(failures - 1, 0, 5);
  return std::min<Duration>(std::chrono::seconds(10) * (1 << doublings), std::chrono::minutes(5));
}

}  // namespace troupe::node
