#include "platform/http_transport.hpp"

#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <type_traits>
#include <utility>

#include "platform/http_websocket.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
using Socket = net::ip::tcp::socket;
using TlsStream = net::ssl::stream<Socket>;

std::string subject_common_name(SSL* session) {
  // Only a certificate that was verified gets here: with client_ca_pem set, another one fails the handshake.
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(session), &X509_free);
  if (!certificate || SSL_get_verify_result(session) != X509_V_OK) {
    return {};
  }
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (position < 0) {
    return {};
  }
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position)));
  if (size < 0) {
    return {};
  }
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

template <class Stream>
class StreamTransport final : public HttpTransport {
 public:
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

  template <class... Args>
  explicit StreamTransport(Args&&... args) : stream_(std::forward<Args>(args)...) {
    error_code ignored;
    socket().set_option(net::ip::tcp::no_delay(true), ignored);
    // A watch may be silent for hours: only the kernel can tell that its client has vanished.
    socket().set_option(net::socket_base::keep_alive(true), ignored);
    const auto from = socket().remote_endpoint(ignored);
    remote_ = Endpoint{from.address().to_string(), from.port()};
  }

  net::any_io_executor executor() override { return stream_.get_executor(); }

  void handshake(Done done) override {
    if constexpr (is_tls) {
      stream_.async_handshake(net::ssl::stream_base::server, keep(std::move(done)));
    } else {
      done({});
    }
  }

  void read_some(net::mutable_buffer into, Moved done) override {
    stream_.async_read_some(into, keep(std::move(done)));
  }

  void write_some(std::vector<net::const_buffer> from, Moved done) override {
    stream_.async_write_some(std::move(from), keep(std::move(done)));
  }

  void end_output() override {
    if constexpr (is_tls) {
      stream_.async_shutdown(keep([](error_code) {}));
    } else {
      error_code ignored;
      stream_.shutdown(Socket::shutdown_send, ignored);
    }
  }

  void close() override {
    error_code ignored;
    socket().close(ignored);
  }

  std::string client_common_name() override {
    if constexpr (is_tls) {
      return subject_common_name(stream_.native_handle());
    } else {
      return {};
    }
  }

  Endpoint remote() const override { return remote_; }

  std::shared_ptr<HttpWebSocket> websocket(WebSocketAccept accept) override {
    return make_http_websocket(stream_, std::move(accept));
  }

 private:
  /// The transport lives until the callback has run.
  template <class Callback>
  auto keep(Callback callback) {
    return [self = shared_from_this(), callback = std::move(callback)](auto... outcome) { callback(outcome...); };
  }

  Socket::lowest_layer_type& socket() { return stream_.lowest_layer(); }

  Stream stream_;
  Endpoint remote_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_http_transport(Socket socket, net::ssl::context* tls) {
  if (tls != nullptr) {
    return std::make_shared<StreamTransport<TlsStream>>(std::move(socket), *tls);
  }
  return std::make_shared<StreamTransport<Socket>>(std::move(socket));
}

}  // namespace troupe::platform
