#include "worker/node/application_plan.hpp"

#include <algorithm>

namespace troupe::node {

ApplicationPlan plan_applications(const std::map<std::string, WantedApplication>& wanted,
                                  const std::map<std::string, RunningApplication>& running, Instant now) {
  ApplicationPlan plan;
  for (const auto& [name, application] : running) {
    const auto still = wanted.find(name);
    if (still == wanted.end()) {
      plan.stop.push_back(name);
    } else if (still->second.fingerprint != application.fingerprint) {
      const bool in_place = application.alive && still->second.shape == application.shape;
      (in_place ? plan.upgrade : plan.stop).push_back(name);
    }
  }
  for (const auto& [name, application] : wanted) {
    const auto found = running.find(name);
    if (found == running.end()) {
      plan.start.push_back(name);
    } else if (found->second.fingerprint != application.fingerprint) {
      if (std::find(plan.stop.begin(), plan.stop.end(), name) != plan.stop.end()) {
        plan.start.push_back(name);
      }
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
