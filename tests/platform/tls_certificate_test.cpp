#include "platform/tls_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                         &BIO_free);
  return {PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), &X509_free};
}

/// What a TLS client or server checks: chain, dates and purpose.
bool verifies(const std::string& leaf_pem, const std::string& ca_pem, int purpose) {
  const Certificate leaf = parse(leaf_pem);
  const Certificate ca = parse(ca_pem);
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), &X509_STORE_free);
  X509_STORE_add_cert(store.get(), ca.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                &X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  return X509_verify_cert(context.get()) == 1;
}

TEST(tls_certificate, is_trusted_by_whoever_trusts_its_ca_for_its_use_alone) {
  const auto ca = make_ca("test-ca", 24h);
  const auto other = make_ca("test-ca", 24h);
  ASSERT_TRUE(ca.ok() && other.ok());
  const auto server = issue_certificate(*ca, "server", {"localhost"}, 1h, CertificateUse::server);
  const auto client = issue_certificate(*ca, "client", {}, 1h, CertificateUse::client);
  ASSERT_TRUE(server.ok() && client.ok());
  EXPECT_TRUE(verifies(server->certificate_pem, ca->certificate_pem, X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(verifies(server->certificate_pem, ca->certificate_pem, X509_PURPOSE_SSL_CLIENT));
  EXPECT_TRUE(verifies(client->certificate_pem, ca->certificate_pem, X509_PURPOSE_SSL_CLIENT));
  EXPECT_FALSE(verifies(client->certificate_pem, ca->certificate_pem, X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(verifies(server->certificate_pem, other->certificate_pem, X509_PURPOSE_SSL_SERVER));
}

TEST(tls_certificate, stands_for_the_addresses_and_names_given_and_no_others) {
  const auto ca = make_ca("test-ca", 24h);
  const auto leaf = issue_certificate(*ca, "cn.example", {"127.0.0.1", "::1", "api.example", "*.svc.local"}, 1h,
                                      CertificateUse::server);
  ASSERT_TRUE(leaf.ok());
  const Certificate certificate = parse(leaf->certificate_pem);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_host(certificate.get(), "api.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "a.svc.local", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "cn.example", 0, 0, nullptr), 0);
}

TEST(tls_certificate, cannot_gain_names_through_commas) {
  const auto ca = make_ca("test-ca", 24h);
  const auto leaf = issue_certificate(*ca, "x", {"a.example,DNS:b.example"}, 1h, CertificateUse::server);
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(X509_check_host(parse(leaf->certificate_pem).get(), "b.example", 0, 0, nullptr), 0);
}

TEST(tls_certificate, has_a_serial_number_of_its_own) {
  const auto ca = make_ca("test-ca", 24h);
  const auto one = issue_certificate(*ca, "x", {}, 1h, CertificateUse::client);
  const auto two = issue_certificate(*ca, "x", {}, 1h, CertificateUse::client);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(parse(one->certificate_pem).get()),
                             X509_get0_serialNumber(parse(two->certificate_pem).get())),
            0);
}

TEST(tls_certificate, expires) {
  const auto ca = make_ca("test-ca", 24h);
  const auto leaf = issue_certificate(*ca, "x", {"a.example"}, -1min, CertificateUse::server);
  ASSERT_TRUE(leaf.ok());
  EXPECT_FALSE(verifies(leaf->certificate_pem, ca->certificate_pem, X509_PURPOSE_SSL_SERVER));
}

TEST(tls_certificate, refuses_names_and_cas_that_cannot_work) {
  EXPECT_EQ(make_ca("", 1h).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(make_ca(std::string(65, 'x'), 1h).error().code, ErrorCode::invalid_argument);
  const auto ca = make_ca("test-ca", 24h);
  const auto other = make_ca("test-ca", 24h);
  const auto issue = [](const CertificateAndKey& by, const std::string& alternative) {
    return issue_certificate(by, "x", {alternative}, 1h, CertificateUse::server);
  };
  EXPECT_EQ(issue(*ca, "").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(issue(*ca, "two words").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(issue({"garbage", "garbage"}, "a").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(issue({ca->certificate_pem, other->private_key_pem}, "a").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace troupe::platform
