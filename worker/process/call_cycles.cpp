// Requests that wait for each other: why a call in a circle times out.
#include <algorithm>
#include <vector>

#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

/// What lies beyond these is not looked at: the timeout of such a circle says just `timeout`.
constexpr std::size_t processes_looked_at_max = 256;
constexpr std::size_t requests_looked_at_max = 64;  ///< Of each process.

std::vector<Pid> asked_by(Process& process, const Pid& pid) {
  std::vector<Pid> asked;
  const BondsGuard guard(process);
  if (process.serial.load(std::memory_order_acquire) != pid.serial || !process.bonds) {
    return asked;
  }
  for (const auto& [number, request] : process.bonds->requests.entries()) {
    if (asked.size() == requests_looked_at_max) {
      break;
    }
    if (request.to.local() && request.to.valid()) {
      asked.push_back(request.to);
    }
  }
  return asked;
}

}  // namespace

/// Looks from process to process along their open requests, each process once, the nearest first.
std::vector<Pid> Runtime::waits_for_itself(const Pid& caller, const Pid& server) const {
  struct Step {
    Pid pid;
    std::size_t from;  ///< Index of the one that asked it.
  };
  std::vector<Step> steps{{server, 0}};
  for (std::size_t at = 0; at < steps.size() && steps.size() < processes_looked_at_max; ++at) {
    if (steps[at].pid == caller) {
      std::vector<Pid> circle;
      for (std::size_t back = at; back != 0;) {
        back = steps[back].from;
        circle.push_back(steps[back].pid);
      }
      circle.push_back(caller);
      std::reverse(circle.begin(), circle.end());
      return circle;
    }
    Process* const process = table_.find(steps[at].pid);
    if (process == nullptr) {
      continue;
    }
    for (const Pid& next : asked_by(*process, steps[at].pid)) {
      const bool known = std::any_of(steps.begin(), steps.end(), [&](const Step& step) { return step.pid == next; });
      if (!known) {
        steps.push_back({next, at});
      }
    }
  }
  return {};
}

Term Runtime::timeout_reason(const Process& process, const Pid& server) const {
  std::vector<Term> circle;
  for (const Pid& pid : waits_for_itself(process.pid(), server)) {
    circle.push_back(Term::pid(pid));
  }
  if (circle.empty()) {
    return Term::atom("timeout");
  }
  return Term::tuple({Term::atom("timeout"), Term::tuple({Term::atom("call_cycle"), Term::list(std::move(circle))})});
}

}  // namespace troupe
