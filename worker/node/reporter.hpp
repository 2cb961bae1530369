// Looks at the worker and writes what it sees, in the order of the looks.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "worker/node/membership.hpp"
#include "worker/node/pod_conditions.hpp"

namespace troupe::node {

/// What the conditions should say. `discovered`: the peers were listed at least once. Pure.
[[nodiscard]] WorkerReport worker_report(const Membership::View& view, bool discovered,
                                         std::vector<ApplicationReport> applications);

/// Thread-safe: several threads notice changes, and what one of them saw earlier never replaces what another has seen
/// since.
class Reporter {
 public:
  using Look = std::function<std::optional<WorkerReport>()>;  ///< Nothing: there is nothing to say yet.
  using Write = std::function<void(WorkerReport)>;

  Reporter(Look look, Write write) : look_(std::move(look)), write_(std::move(write)) {}

  void report() {
    const std::lock_guard lock(mutex_);
    if (auto seen = look_()) {
      write_(std::move(*seen));
    }
  }

 private:
  const Look look_;
  const Write write_;
  std::mutex mutex_;
};

}  // namespace troupe::node
