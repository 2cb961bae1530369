#include "platform/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.hpp"

namespace troupe::platform {
namespace {

/// The largest record of TLS: what one SSL_read can give.
constexpr std::size_t record_bytes_max = 16 * 1024;

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

bool is_certificate_alert(int reason) {
  switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

/// Outlives the Connection that users hold while a callback of the inner one runs.
class TlsStream : public std::enable_shared_from_this<TlsStream> {
 public:
  TlsStream(std::unique_ptr<Connection> inner, TlsRole role, std::shared_ptr<const TlsCredentials> credentials,
            std::shared_ptr<const std::vector<std::string>> domains)
      : inner_(std::move(inner)),
        credentials_(std::move(credentials)),
        domains_(std::move(domains)),
        ssl_(SSL_new(credentials_->context())) {
    check(ssl_ != nullptr, "OpenSSL has no memory for a connection");
    from_peer_ = BIO_new(BIO_s_mem());
    to_peer_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), from_peer_, to_peer_);  // which then owns both
    role == TlsRole::client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  }

  void start(Connection::Handlers handlers) {
    handlers_ = std::move(handlers);
    const std::weak_ptr<TlsStream> weak = weak_from_this();
    inner_->start({.on_data =
                       [weak](ByteView data) {
                         if (const auto self = weak.lock()) {
                           self->receive(data);
                         }
                       },
                   .on_close =
                       [weak](const std::optional<Error>& error) {
                         if (const auto self = weak.lock()) {
                           self->inner_closed(error);
                         }
                       },
                   .on_drained =
                       [weak] {
                         if (const auto self = weak.lock(); self && self->established_ && self->handlers_.on_drained) {
                           self->handlers_.on_drained();
                         }
                       }});
    advance();
  }

  void write(Bytes data) {
    if (ended_ || data.empty()) {
      return;
    }
    if (!established_) {
      waiting_.insert(waiting_.end(), data.begin(), data.end());
      return;
    }
    encrypt(data);
    send_records();
  }

  void close() {
    if (ended_) {
      return;
    }
    ended_ = true;
    if (established_) {
      SSL_shutdown(ssl_.get());
      send_records();
    }
    inner_->close();
  }

  void abandon() {
    if (!ended_) {
      ended_ = true;
      inner_.reset();
    }
  }

  [[nodiscard]] bool peer_is(const std::string& host) const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (!established_ || certificate == nullptr) {
      return false;
    }
    return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
           std::any_of(domains_->begin(), domains_->end(), [certificate](const std::string& domain) {
             return X509_check_host(certificate, domain.data(), domain.size(), 0, nullptr) == 1;
           });
  }

  [[nodiscard]] std::size_t buffered() const { return inner_->buffered() + waiting_.size(); }
  [[nodiscard]] Connection& inner() { return *inner_; }
  [[nodiscard]] const Connection& inner() const { return *inner_; }

 private:
  void receive(ByteView data) {
    if (ended_) {
      return;
    }
    std::size_t taken = 0;
    BIO_write_ex(from_peer_, data.data(), data.size(), &taken);
    advance();
    if (established_) {
      decrypt();
    }
  }

  /// The handshake, as far as it goes with what has come.
  void advance() {
    if (established_ || ended_) {
      return;
    }
    ERR_clear_error();  // What another use of OpenSSL on this thread may have left.
    const int outcome = SSL_do_handshake(ssl_.get());
    send_records();
    if (outcome == 1) {
      established_ = true;
      encrypt(waiting_);
      waiting_ = {};
      return send_records();
    }
    if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) {
      fail(reason_of_failure());
    }
  }

  void decrypt() {
    std::byte record[record_bytes_max];
    while (!ended_) {
      std::size_t count = 0;
      ERR_clear_error();
      const int outcome = SSL_read_ex(ssl_.get(), record, sizeof record, &count);
      if (outcome == 1) {
        if (handlers_.on_data) {
          handlers_.on_data(ByteView(record, count));
        }
        continue;
      }
      switch (SSL_get_error(ssl_.get(), outcome)) {
        case SSL_ERROR_WANT_READ:
          return send_records();  // An answer to a key update, or nothing.
        case SSL_ERROR_ZERO_RETURN:
          return fail(std::nullopt);
        default:
          return fail(reason_of_failure());
      }
    }
  }

  void encrypt(const Bytes& data) {
    if (data.empty()) {
      return;
    }
    std::size_t taken = 0;
    // Into memory, so that nothing can be in the way.
    check(SSL_write_ex(ssl_.get(), data.data(), data.size(), &taken) == 1 && taken == data.size(),
          "TLS did not take what was written");
  }

  void send_records() {
    const std::size_t count = BIO_ctrl_pending(to_peer_);
    if (count == 0 || inner_ == nullptr) {
      return;
    }
    Bytes records(count);
    std::size_t read = 0;
    BIO_read_ex(to_peer_, records.data(), count, &read);
    inner_->write(std::move(records));
  }

  [[nodiscard]] Error reason_of_failure() const {
    const std::string peer = "TLS with " + inner_->remote().text() + ": ";
    if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK) {
      ERR_clear_error();
      return {ErrorCode::permission_denied,
              peer + "its certificate is refused: " + X509_verify_cert_error_string(verified)};
    }
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* const text = ERR_reason_error_string(code);
    return {is_certificate_alert(ERR_GET_REASON(code)) ? ErrorCode::permission_denied : ErrorCode::invalid_argument,
            peer + (text == nullptr ? "failed" : text)};
  }

  void inner_closed(const std::optional<Error>& error) {
    if (!ended_) {
      fail(error ? *error
                 : Error{ErrorCode::unavailable, "TLS with " + inner_->remote().text() + ": cut without its end"});
    }
  }

  void fail(std::optional<Error> reason) {
    ended_ = true;
    inner_->close();
    // Moved out first: `on_close` may destroy whatever the handlers belong to.
    const Connection::Handlers handlers = std::move(handlers_);
    if (handlers.on_close) {
      handlers.on_close(std::move(reason));
    }
  }

  std::unique_ptr<Connection> inner_;
  const std::shared_ptr<const TlsCredentials> credentials_;
  const std::shared_ptr<const std::vector<std::string>> domains_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  BIO* from_peer_ = nullptr;
  BIO* to_peer_ = nullptr;
  Connection::Handlers handlers_;
  Bytes waiting_;  ///< Plain text from before the end of the handshake.
  bool established_ = false;
  bool ended_ = false;
};

class TlsConnection final : public Connection {
 public:
  explicit TlsConnection(std::shared_ptr<TlsStream> stream) : stream_(std::move(stream)) {}
  ~TlsConnection() override { stream_->abandon(); }
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  void start(Handlers handlers) override { stream_->start(std::move(handlers)); }
  void write(Bytes data) override { stream_->write(std::move(data)); }
  std::size_t buffered() const override { return stream_->buffered(); }
  /// What had come before is still delivered.
  void pause_reading() override { stream_->inner().pause_reading(); }
  void resume_reading() override { stream_->inner().resume_reading(); }
  void close() override { stream_->close(); }
  Endpoint local() const override { return stream_->inner().local(); }
  Endpoint remote() const override { return stream_->inner().remote(); }
  bool peer_is(const std::string& host) const override { return stream_->peer_is(host); }

 private:
  std::shared_ptr<TlsStream> stream_;
};

}  // namespace

std::unique_ptr<Connection> make_tls_connection(std::unique_ptr<Connection> inner, TlsRole role,
                                                std::shared_ptr<const TlsCredentials> credentials,
                                                std::shared_ptr<const std::vector<std::string>> domains) {
  return std::make_unique<TlsConnection>(
      std::make_shared<TlsStream>(std::move(inner), role, std::move(credentials), std::move(domains)));
}

}  // namespace troupe::platform
