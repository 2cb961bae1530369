// `kubectl exec`: one program in a container's surroundings, its streams carried over a WebSocket by the channel
// protocol of Kubernetes (first byte of a message: 0 stdin, 1 stdout, 2 stderr, 3 final status, 255 close of a
// channel).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "local/pod_runner/probe_action.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {

/// Starts the program and lives until it has ended or the client is gone, which kills it.
void start_exec_session(std::shared_ptr<platform::WebSocket> socket, const ProgramContext& context,
                        std::vector<std::string> argv, bool with_stdin);

}  // namespace troupe::local
