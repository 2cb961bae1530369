// `kubectl exec`: one program in a container's surroundings, its streams carried to the client.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "local/pod_runner/exec_carrier.hpp"
#include "local/pod_runner/probe_action.hpp"

namespace troupe::local {

/// Starts the program once the carrier is ready, and lives until it has ended or the client is gone, which kills it.
void start_exec_session(std::shared_ptr<ExecCarrier> carrier, const ProgramContext& context,
                        std::vector<std::string> argv, bool with_stdin);

}  // namespace troupe::local
