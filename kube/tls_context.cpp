#include "kube/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "kube/server_url.hpp"

namespace troupe::kube {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

Error unreadable(std::string_view field) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return {ErrorCode::invalid_argument,
          std::string(field) + ": not readable as PEM" + (reason == nullptr ? "" : std::string(": ") + reason)};
}

Bio memory(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// Without it OpenSSL would ask for the passphrase of an encrypted key on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Result<std::string> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{ErrorCode::not_found, "certificate authority file " + file + ": cannot be opened"};
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> trust(SSL_CTX* context, const std::string& pem) {
  const Bio bio = memory(pem);
  Store store(X509_STORE_new());
  int count = 0;
  while (const Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) {
      return unreadable("certificate-authority");
    }
    ++count;
  }
  if (count == 0) {
    return unreadable("certificate-authority");
  }
  ERR_clear_error();
  // As in Go: a CA bundle may hold an intermediate that is trusted by itself.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_store(context, store.release());
  return {};
}

Result<void> present(SSL_CTX* context, const Config& config) {
  const Bio bio = memory(config.client_certificate_pem);
  const Certificate leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return unreadable("client-certificate");
  }
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) {
      return unreadable("client-certificate");
    }
    static_cast<void>(next.release());
  }
  ERR_clear_error();
  const Bio key_bio = memory(config.client_key_pem);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unreadable("client-key");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return Error{ErrorCode::invalid_argument, "client-key: does not belong to the client-certificate"};
  }
  return {};
}

}  // namespace

Result<void> configure_tls(ssl_ctx_st* context, const Config& config, const std::string& host) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  std::string ca = config.ca_pem;
  if (!config.ca_file.empty()) {
    auto read = read_file(config.ca_file);
    if (!read.ok()) {
      return read.error();
    }
    ca = std::move(read).value();
  }
  if (!ca.empty()) {
    if (auto trusted = trust(context, ca); !trusted.ok()) {
      return trusted;
    }
  }
  if (!config.client_certificate_pem.empty()) {
    if (auto presented = present(context, config); !presented.ok()) {
      return presented;
    }
  }
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int named = is_ipv4_literal(host) ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str())
                                          : X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size());
  if (named != 1) {
    return Error{ErrorCode::invalid_argument, "server name '" + host + "': not usable for TLS"};
  }
  return {};
}

Result<void> check_tls(const Config& config, const std::string& host) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) {
    return Error{ErrorCode::internal, "OpenSSL cannot make a client context"};
  }
  return configure_tls(context.get(), config, host);
}

}  // namespace troupe::kube
