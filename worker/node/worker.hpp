// One worker: a runtime, its links to other nodes, the applications of its cluster, and what it tells the world of
// them. Wires the layers together; each of them knows nothing of the others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "kube/client.hpp"
#include "worker/node/worker_config.hpp"

namespace troupe::node {

class Worker {
 public:
  struct Options {
    /// Scheduler threads; absent: one for each CPU of the cgroup limit, at least 1.
    std::optional<unsigned> scheduler_threads;
    /// Beyond the drain timeout, how long the rest of the shutdown may take before the program ends itself.
    Duration exit_grace = std::chrono::seconds(5);
    /// Called once, by a thread of the worker, when it cannot go on for long: drain and start another.
    std::function<void()> ask_for_restart = [] {};
  };

  /// Listens and starts to join. Errors: `already_exists` (a port of the pod is taken), `invalid_argument`.
  static Result<std::unique_ptr<Worker>> start(WorkerConfig config, Options options,
                                               std::shared_ptr<kube::Client> client, const Clock& clock,
                                               Random& random);
  /// Leaves discovery, stops applications in order and closes the links, within the drain timeout. Once.
  virtual void drain() = 0;
  virtual ~Worker() = default;
};

}  // namespace troupe::node
