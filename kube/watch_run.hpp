// One running watch: a thread that parses what the transport streams and calls the handler, so that a slow handler
// holds up its own stream alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "kube/client.hpp"
#include "kube/transport.hpp"

namespace troupe::kube {

struct WatchPlan {
  std::shared_ptr<Transport> transport;
  /// Makes the request with a current token; again, once, after a 401 and `on_unauthorized`.
  std::function<Result<TransportRequest>()> make_request;
  std::function<void()> on_unauthorized;
  std::string context;  ///< "GET /api/v1/pods", for errors.
  std::size_t line_bytes_max = 0;
  std::chrono::milliseconds head_timeout{
      30'000};  ///< Until the answer's head is there; its silence is the transport's.
};

std::unique_ptr<Watch> run_watch(WatchPlan plan, WatchHandler handler);

}  // namespace troupe::kube
