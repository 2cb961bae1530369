// A whole program without Kubernetes: the same processes and supervisors in a plain executable.
//
//   #include <troupe/application.hpp>
//   #include <troupe/run.hpp>
//
//   int main() {
//     troupe::SupervisorSpec root;
//     root.children = {troupe::named_child<Store>("store"), troupe::named_child<Clerk>("clerk")};
//     return troupe::run(std::move(root));
//   }
//
// Link with the CMake target `troupe::runtime`. Schedulers, limits and signals are those of a worker; there are no
// other nodes, no modules and no HTTP port.
//
// SIGTERM or SIGINT drains: the root gets the exit signal `shutdown` and, being a supervisor, stops its children in
// order. A third SIGINT ends the program at once with status 130.
#pragma once

#include <chrono>
#include <optional>

#include "base/log.hpp"
#include "troupe/child_spec.hpp"

namespace troupe {

/// Where log lines go, to standard error in all cases: `none` leaves it to the program's own sink (base/log.hpp).
enum class RunLog { none, text, json };

struct RunOptions {
  /// Absent: one for each CPU of the container's limit.
  std::optional<unsigned> scheduler_threads;
  /// What draining may take before the root is killed. With `exit_grace` it stays below the 30 s that Kubernetes gives
  /// a pod by default (terminationGracePeriodSeconds).
  std::chrono::milliseconds drain_timeout{20'000};
  /// What may take the rest of the way out, a handler that does not return for instance, before the program ends at
  /// once with status 1.
  std::chrono::milliseconds exit_grace{5'000};
  RunLog log = RunLog::text;
  LogLevel log_level = LogLevel::info;
};

/// Runs until the root has ended, and returns the status for main:
/// 0 when it was drained within its time, or ended of itself with `normal`; 1 for any other reason (a supervisor whose
/// children failed too often ends with `shutdown`), when it could not be started, or when it had to be killed.
///
/// Call it on the main thread, before the program starts any other, once at a time: it takes SIGTERM and SIGINT for the
/// whole program and ignores SIGPIPE.
int run(SupervisorSpec root, const RunOptions& options = {});

/// The same with any process as the root. Of the specification only id and start are used: it is started once.
///
///   return troupe::run(troupe::process_child<Clerk>("clerk", arguments));
int run(ChildSpec root, const RunOptions& options = {});

}  // namespace troupe
