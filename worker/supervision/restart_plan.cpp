#include "worker/supervision/restart_plan.hpp"

#include <algorithm>

#include "worker/process/exit_reasons.hpp"

namespace troupe {

bool starts_again(Restart restart, const Term& reason) {
  switch (restart) {
    case Restart::permanent:
      return true;
    case Restart::transient:
      return !reasons::is_orderly(reason);
    case Restart::temporary:
      return false;
  }
  return false;
}

RestartPlan plan_restart(Strategy strategy, const std::vector<ChildState>& children, std::size_t failed) {
  if (strategy == Strategy::one_for_one) {
    return {{}, {failed}};
  }
  const std::size_t first = strategy == Strategy::one_for_all ? 0 : failed;
  RestartPlan plan;
  for (std::size_t at = children.size(); at-- > first;) {
    if (at != failed && children[at].running) {
      plan.stop.push_back(at);
    }
  }
  for (std::size_t at = first; at < children.size(); ++at) {
    if (at == failed || children[at].restart != Restart::temporary) {
      plan.start.push_back(at);
    }
  }
  return plan;
}

RestartPlan plan_shutdown(const std::vector<ChildState>& children) {
  RestartPlan plan;
  for (std::size_t at = children.size(); at-- > 0;) {
    if (children[at].running) {
      plan.stop.push_back(at);
    }
  }
  return plan;
}

bool shuts_down(AutoShutdown auto_shutdown, const ChildState& ended, const std::vector<ChildState>& others) {
  if (auto_shutdown == AutoShutdown::never || !ended.significant) {
    return false;
  }
  return auto_shutdown == AutoShutdown::any_significant ||
         std::none_of(others.begin(), others.end(),
                      [](const ChildState& other) { return other.significant && (other.running || other.restarting); });
}

bool RestartWindow::add(Instant now) {
  restarts_.push_back(now);
  while (restarts_.front() < now - intensity_.window) {
    restarts_.pop_front();
  }
  return restarts_.size() <= intensity_.restarts_max;
}

}  // namespace troupe
