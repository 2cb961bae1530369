#include "platform/tls_context.hpp"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <string>
#include <utility>

namespace troupe::platform {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Error unusable(std::string_view part, const error_code& reason) {
  return Error{ErrorCode::invalid_argument,
               "cannot use the TLS " + std::string(part) + " (PEM expected): " + reason.message()};
}

}  // namespace

Result<ssl::context> make_server_tls_context(const HttpServer::Tls& tls) {
  ssl::context context(ssl::context::tls_server);
  error_code failed;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                          ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
                      failed);
  context.use_certificate_chain(boost::asio::buffer(tls.certificate_pem), failed);
  if (failed) {
    return unusable("certificate", failed);
  }
  context.use_private_key(boost::asio::buffer(tls.private_key_pem), ssl::context::pem, failed);
  if (failed) {
    return unusable("private key", failed);
  }
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return Error{ErrorCode::invalid_argument, "the TLS private key does not belong to the certificate"};
  }
  if (!tls.client_ca_pem.empty()) {
    context.add_certificate_authority(boost::asio::buffer(tls.client_ca_pem), failed);
    if (failed) {
      return unusable("client CA", failed);
    }
    context.set_verify_mode(ssl::verify_peer, failed);
    // Without a name for its sessions OpenSSL refuses to resume those that showed a client certificate.
    static constexpr unsigned char session_name[] = "troupe";
    SSL_CTX_set_session_id_context(context.native_handle(), session_name, sizeof session_name);
  }
  return context;
}

}  // namespace troupe::platform
