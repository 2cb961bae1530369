#include "platform/tls_credentials.hpp"

#include <openssl/ssl.h>

#include <utility>

#include "platform/tls_context.hpp"

namespace troupe::platform {

struct TlsCredentials::Context {
  boost::asio::ssl::context context;
};

TlsCredentials::TlsCredentials(std::unique_ptr<Context> context) : context_(std::move(context)) {}
TlsCredentials::~TlsCredentials() = default;

ssl_ctx_st* TlsCredentials::context() const { return context_->context.native_handle(); }

Result<std::shared_ptr<const TlsCredentials>> TlsCredentials::make(const TlsIdentity& identity) {
  auto context = make_peer_tls_context(identity);
  if (!context) {
    return context.error();
  }
  return std::shared_ptr<const TlsCredentials>(
      new TlsCredentials(std::make_unique<Context>(Context{std::move(*context)})));
}

}  // namespace troupe::platform
