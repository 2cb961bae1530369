#include "platform/tls_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <optional>

#include "base/check.hpp"

namespace troupe::platform {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* owned) const {
    free(owned);
  }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

constexpr long backdated_seconds = 3600;

Error openssl_error(ErrorCode code, const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return Error{code, what + ": " + text.data()};
}

std::string text_of(BIO* memory) {
  char* begin = nullptr;
  const long size = BIO_get_mem_data(memory, &begin);
  return {begin, static_cast<std::size_t>(size)};
}

Result<CertificateAndKey> to_pem(X509* certificate, EVP_PKEY* key) {
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  const Memory key_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_text.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error(ErrorCode::internal, "cannot write a certificate as PEM");
  }
  return CertificateAndKey{text_of(certificate_text.get()), text_of(key_text.get())};
}

Memory reading(const std::string& text) { return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// A key without a password never asks for one; OpenSSL would ask the terminal.
int no_password(char*, int, int, void*) { return 0; }

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) {
    return false;
  }
  random[0] &= 0x7f;  // Serial numbers are positive.
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(BN_bin2bn(random.data(), random.size(), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_common_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                    -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool append_entry(GENERAL_NAMES* names, int kind, void* value) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(entry, kind, value);
  if (sk_GENERAL_NAME_push(names, entry) <= 0) {
    GENERAL_NAME_free(entry);
    return false;
  }
  return true;
}

bool append_dns_name(GENERAL_NAMES* names, const std::string& name) {
  ASN1_IA5STRING* dns = ASN1_IA5STRING_new();
  ASN1_STRING_set(dns, name.data(), static_cast<int>(name.size()));
  return append_entry(names, GEN_DNS, dns);
}

bool append_name(GENERAL_NAMES* names, const std::string& name, CertificateUse use) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str());
  if (address == nullptr) {
    ERR_clear_error();  // Not an address is no failure.
    return append_dns_name(names, name);
  }
  // Erlang's inet_tls_dist looks for a node's host among the DNS names, also when it is an address.
  return append_entry(names, GEN_IPADD, address) && (use != CertificateUse::peer || append_dns_name(names, name));
}

/// Built entry by entry, not from OpenSSL's text form: there a comma in a name would start another one.
bool add_alternative_names(X509* certificate, const std::vector<std::string>& given, CertificateUse use) {
  const Names names(GENERAL_NAMES_new());
  for (const std::string& name : given) {
    if (!append_name(names.get(), name, use)) {
      return false;
    }
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

std::optional<Error> check_names(const std::string& name, const std::vector<std::string>& alternatives) {
  if (name.empty() || name.size() > 64) {
    return Error{ErrorCode::invalid_argument, "a certificate's name must have 1 to 64 bytes, not \"" + name + "\""};
  }
  for (const std::string& alternative : alternatives) {
    for (const char c : alternative) {
      if (c <= ' ' || c > '~') {
        return Error{ErrorCode::invalid_argument, "\"" + alternative + "\" is neither an address nor a DNS name"};
      }
    }
    if (alternative.empty() || alternative.size() > 253) {
      return Error{ErrorCode::invalid_argument, "a DNS name must have 1 to 253 characters"};
    }
  }
  return std::nullopt;
}

/// Version, serial, subject, dates and key; the issuer, extensions and signature are still missing.
Certificate unsigned_certificate(const std::string& name, std::chrono::seconds validity, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  const bool made = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_serial(certificate.get()) && set_common_name(certificate.get(), name) &&
                    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -backdated_seconds) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.count()) != nullptr &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  return made ? std::move(certificate) : nullptr;
}

bool sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
         X509_sign(certificate, issuer_key, EVP_sha256()) != 0;
}

const char* extended_key_usage(CertificateUse use) {
  switch (use) {
    case CertificateUse::server:
      return "serverAuth";
    case CertificateUse::client:
      return "clientAuth";
    case CertificateUse::peer:
      return "serverAuth,clientAuth";
  }
  check(false, "a CertificateUse without a name");
  return "";
}

}  // namespace

Result<CertificateAndKey> make_ca(const std::string& name, std::chrono::seconds validity) {
  if (auto wrong = check_names(name, {})) {
    return *wrong;
  }
  const Key key(EVP_EC_gen("P-256"));
  const Certificate ca = key ? unsigned_certificate(name, validity, key.get()) : nullptr;
  if (!ca || !add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature") ||
      !sign(ca.get(), ca.get(), key.get())) {
    return openssl_error(ErrorCode::internal, "cannot make the CA \"" + name + "\"");
  }
  return to_pem(ca.get(), key.get());
}

Result<CertificateAndKey> issue_certificate(const CertificateAndKey& ca, const std::string& name,
                                            const std::vector<std::string>& subject_alternative_names,
                                            std::chrono::seconds validity, CertificateUse use) {
  if (auto wrong = check_names(name, subject_alternative_names)) {
    return *wrong;
  }
  const Certificate issuer(PEM_read_bio_X509(reading(ca.certificate_pem).get(), nullptr, no_password, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(reading(ca.private_key_pem).get(), nullptr, no_password, nullptr));
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return openssl_error(ErrorCode::invalid_argument, "cannot use the CA's certificate and key");
  }
  const Key key(EVP_EC_gen("P-256"));
  const Certificate leaf = key ? unsigned_certificate(name, validity, key.get()) : nullptr;
  const char* usage = extended_key_usage(use);
  if (!leaf || !add_extension(leaf.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(leaf.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(leaf.get(), issuer.get(), NID_ext_key_usage, usage) ||
      (!subject_alternative_names.empty() && !add_alternative_names(leaf.get(), subject_alternative_names, use)) ||
      !sign(leaf.get(), issuer.get(), issuer_key.get())) {
    return openssl_error(ErrorCode::internal, "cannot issue the certificate \"" + name + "\"");
  }
  return to_pem(leaf.get(), key.get());
}

}  // namespace troupe::platform
