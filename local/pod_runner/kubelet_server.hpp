// The kubelet's HTTPS endpoints that API servers proxy to: container logs and exec.
//
// Only clients with a certificate of the given CA are let in, as API servers have one (--kubelet-client-certificate).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "local/pod_runner/container_log.hpp"
#include "local/pod_runner/probe_action.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {

/// What the server asks of the pods. Thread-safe.
class PodLookup {
 public:
  virtual ~PodLookup() = default;
  /// Null when pod, container or (with `previous`) an earlier instance is not there.
  [[nodiscard]] virtual std::shared_ptr<ContainerLog> log(const std::string& pod_key, const std::string& container,
                                                          bool previous) const = 0;
  [[nodiscard]] virtual std::optional<ProgramContext> program_context(const std::string& pod_key,
                                                                      const std::string& container) const = 0;
};

/// GET
/// /containerLogs/{namespace}/{pod}/{container}[?follow&tailLines&sinceSeconds&sinceTime&timestamps&limitBytes&previous],
/// GET or POST /exec/{namespace}/{pod}/{container}?command=...[&input=1][&output=1][&error=1] as a WebSocket
/// (v5.channel.k8s.io or v4.channel.k8s.io) or over SPDY/3.1 (v4.channel.k8s.io); terminals are refused by name. GET
/// /healthz. `pods` outlives the server.
Result<std::unique_ptr<platform::HttpServer>> start_kubelet_server(platform::HttpServer::Options options,
                                                                   const PodLookup& pods, const Clock& clock);

}  // namespace troupe::local
