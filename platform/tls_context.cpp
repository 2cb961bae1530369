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

/// A context that shows this certificate.
Result<ssl::context> showing(ssl::context::method method, const std::string& certificate_pem,
                             const std::string& private_key_pem) {
  ssl::context context(method);
  error_code failed;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                          ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
                      failed);
  context.use_certificate_chain(boost::asio::buffer(certificate_pem), failed);
  if (failed) {
    return unusable("certificate", failed);
  }
  context.use_private_key(boost::asio::buffer(private_key_pem), ssl::context::pem, failed);
  if (failed) {
    return unusable("private key", failed);
  }
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return Error{ErrorCode::invalid_argument, "the TLS private key does not belong to the certificate"};
  }
  return context;
}

}  // namespace

Result<ssl::context> make_server_tls_context(const HttpServer::Tls& tls) {
  auto made = showing(ssl::context::tls_server, tls.certificate_pem, tls.private_key_pem);
  if (!made || tls.client_ca_pem.empty()) {
    return made;
  }
  ssl::context& context = *made;
  error_code failed;
  context.add_certificate_authority(boost::asio::buffer(tls.client_ca_pem), failed);
  if (failed) {
    return unusable("client CA", failed);
  }
  context.set_verify_mode(ssl::verify_peer, failed);
  // Without a name for its sessions OpenSSL refuses to resume those that showed a client certificate.
  static constexpr unsigned char session_name[] = "troupe";
  SSL_CTX_set_session_id_context(context.native_handle(), session_name, sizeof session_name);
  return made;
}

Result<ssl::context> make_peer_tls_context(const TlsIdentity& identity) {
  auto made = showing(ssl::context::tls, identity.certificate_pem, identity.private_key_pem);
  if (!made) {
    return made;
  }
  ssl::context& context = *made;
  error_code failed;
  context.add_certificate_authority(boost::asio::buffer(identity.ca_pem), failed);
  if (failed || identity.ca_pem.empty()) {
    return failed ? unusable("CA", failed) : Error{ErrorCode::invalid_argument, "the TLS CA is empty"};
  }
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, failed);
  SSL_CTX* const handle = context.native_handle();
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(handle, 0);
  // An idle link holds no buffers for records.
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  return made;
}

}  // namespace troupe::platform
