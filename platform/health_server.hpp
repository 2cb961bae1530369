// /metrics, /healthz and /readyz over HttpServer: the same for operator and worker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/http_server.hpp"

namespace prometheus {
class Collectable;
}

namespace troupe::platform {

/// A probe's answer: no text is healthy (200 "ok"); text is the reason it is not (503).
using HealthProbe = std::function<std::string()>;

/// Serves prometheus text format 0.0.4 of `collectables` and of process_metrics() at /metrics, and the probes. Anything
/// else is 404, methods other than GET and HEAD 405. The collectables must outlive the server.
Result<std::unique_ptr<HttpServer>> start_health_server(
    HttpServer::Options options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables,
    HealthProbe healthz, HealthProbe readyz);

}  // namespace troupe::platform
