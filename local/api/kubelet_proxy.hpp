// Passes container logs and exec sessions between API clients and a node's kubelet, as kube-apiserver does: HTTPS with
// a client certificate, the kubelet's own certificate unverified (the default of kube-apiserver too).
#pragma once

#include <memory>
#include <string>

#include "local/api/kubelet_address.hpp"
#include "platform/http_server.hpp"
#include "platform/tls_certificate.hpp"

namespace troupe::local {

/// Thread-safe. Destroying it cuts every session.
class KubeletProxy {
 public:
  /// Error: `invalid_argument` for a certificate that cannot be used.
  static Result<std::unique_ptr<KubeletProxy>> start(const platform::CertificateAndKey& client_certificate);
  virtual ~KubeletProxy() = default;

  /// Streams the kubelet's answer to the client until either side ends. 503 when the kubelet does not answer.
  virtual void stream_log(KubeletRequest request, std::shared_ptr<platform::HttpExchange> exchange) = 0;
  /// Passes the upgrade that the client asks for (WebSocket or SPDY/3.1) on to the kubelet, and then raw bytes both
  /// ways until either side ends. 503 when the kubelet does not answer, 400 with its words when it refuses.
  virtual void connect_exec(KubeletRequest request, const platform::HttpRequest& client_request,
                            std::shared_ptr<platform::HttpExchange> exchange) = 0;
};

}  // namespace troupe::local
