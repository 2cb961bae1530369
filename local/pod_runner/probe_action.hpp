// Runs one probe or hook once: an HTTP GET, a TCP connect or a program. Blocks up to the timeout.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "local/pod_runner/pod_spec.hpp"

namespace troupe::local {

/// Where a container's programs run: what exec probes, hooks and `kubectl exec` share with its main program.
struct ProgramContext {
  std::map<std::string, std::string> env;
  std::string working_dir;
  std::string pod_ip;
};

struct ProbeOutcome {
  bool succeeded = false;
  std::string message;  ///< Why not, in a kubelet's words ("HTTP probe failed with statuscode: 503").
};

[[nodiscard]] ProbeOutcome run_probe(const ProbeTarget& target, const ProgramContext& context,
                                     std::chrono::milliseconds timeout);

}  // namespace troupe::local
