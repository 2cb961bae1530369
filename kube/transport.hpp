// How requests travel: the one seam between the Kubernetes client and an HTTP library. Knows nothing of Kubernetes.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace troupe::kube {

using TransportHeaders = std::vector<std::pair<std::string, std::string>>;

struct TransportRequest {
  std::string method;          ///< "GET", "POST", "PUT", "PATCH", "DELETE".
  std::string path_and_query;  ///< Percent-encoded, from the leading slash on; the base path is put in front.
  TransportHeaders headers;    ///< Content-Type, Content-Length and Host are the transport's business.
  std::string body;            ///< Sent with every method but GET, even when empty.
  std::string content_type;
  /// `send`: for everything, from the call to the last byte. `stream`: longest silence of the
  /// server, which also bounds how long a piece of data may stay unconsumed.
  std::chrono::milliseconds timeout{30'000};
};

struct TransportResponse {
  int status = 0;
  TransportHeaders headers;
  std::string body;

  /// The first header of that name, whatever its case; "" when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Called on a thread of the transport, one call at a time, in the order head, data..., end. Must not block.
struct StreamHandler {
  std::function<void(int status, const TransportHeaders&)> on_head;
  /// The bytes stay valid until `consumed` is called, once, from any thread, or the stream is destroyed; no more is
  /// read from the network before that (back-pressure).
  std::function<void(std::string_view bytes, std::function<void()> consumed)> on_data;
  /// Exactly once, unless the stream is destroyed first. No error: the server ended the answer properly.
  std::function<void(std::optional<Error>)> on_end;
};

/// A running answer. Destroying it closes the connection and waits until no handler runs; none is called afterwards,
/// and a piece of data that was given out is no longer valid.
class TransportStream {
 public:
  virtual ~TransportStream() = default;
};

/// Thread-safe. No request is ever sent twice, but for a GET whose connection turned out to be closed already.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Blocks. Errors: `unavailable` (refused, reset, truncated: the request may have been carried out unless the message
  /// says that it was not sent), `timeout`, `limit_exceeded` (answer too large), `invalid_argument` (TLS material).
  virtual Result<TransportResponse> send(const TransportRequest& request) = 0;
  virtual std::unique_ptr<TransportStream> stream(const TransportRequest& request, StreamHandler handler) = 0;
  /// Ends every running `send` and stream with `unavailable` and refuses new ones.
  virtual void stop() = 0;
};

}  // namespace troupe::kube
