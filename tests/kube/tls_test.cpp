#include <netdb.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kube/cpprest_transport.hpp"
#include "platform/http_server.hpp"
#include "platform/tls_certificate.hpp"
#include "tests/kube/client_fixture.hpp"

namespace troupe::kube {
namespace {

using platform::CertificateAndKey;
using platform::CertificateUse;
using std::chrono::hours;
using testing::HasSubstr;

CertificateAndKey authority(const std::string& name) {
  auto made = platform::make_ca(name, hours(1));
  EXPECT_TRUE(made.ok());
  return *made;
}

CertificateAndKey issue(const CertificateAndKey& ca, const std::vector<std::string>& names,
                        CertificateUse use = CertificateUse::server, const std::string& common_name = "leaf") {
  auto made = platform::issue_certificate(ca, common_name, names, hours(1), use);
  EXPECT_TRUE(made.ok());
  return *made;
}

/// Answers each request with the client certificate's CN and the Host header.
std::unique_ptr<platform::HttpServer> serve(const CertificateAndKey& certificate, const std::string& client_ca = "",
                                            std::uint16_t port = 0) {
  platform::HttpServer::Options options;
  options.at = {"127.0.0.1", port};
  options.tls = platform::HttpServer::Tls{certificate.certificate_pem, certificate.private_key_pem, client_ca};
  auto server = platform::HttpServer::start(options, [](const platform::HttpRequest& request, auto exchange) {
    exchange->respond(
        {200, {}, std::string(request.header("x-client-common-name")) + "|" + std::string(request.header("host"))});
  });
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return std::move(server).value();
}

Config config_for(const platform::HttpServer& server, const std::string& ca_pem,
                  const std::string& host = "127.0.0.1") {
  Config config;
  config.server = "https://" + host + ":" + std::to_string(server.local().port);
  config.ca_pem = ca_pem;
  return config;
}

/// The answer's body, or the error.
std::string ask(const Config& config) {
  auto client = Client::create(config);
  if (!client.ok()) {
    return client.error().message;
  }
  auto body = (*client)->get_raw("/");
  return body.ok() ? *body : body.error().message;
}

TEST(Tls, trusts_the_configs_authority_and_checks_the_address) {
  const auto ca = authority("good");
  const auto server = serve(issue(ca, {"127.0.0.1"}));
  EXPECT_THAT(ask(config_for(*server, ca.certificate_pem)), HasSubstr("|127.0.0.1:"));
  EXPECT_THAT(ask(config_for(*server, authority("other").certificate_pem)), HasSubstr("certificate verify failed"));
}

TEST(Tls, does_not_trust_the_systems_authorities_beside_the_configs) {
  // The library loads them by default: a store of our own must replace them, so even a system-wide one is refused.
  const auto public_ca = authority("public");
  const std::string bundle = (std::filesystem::temp_directory_path() / "kube_test_bundle.pem").string();
  std::ofstream(bundle) << public_ca.certificate_pem;
  ::setenv("SSL_CERT_FILE", bundle.c_str(), 1);
  const auto server = serve(issue(public_ca, {"127.0.0.1"}));
  EXPECT_THAT(ask(config_for(*server, "")), HasSubstr("|127.0.0.1:"));
  EXPECT_THAT(ask(config_for(*server, authority("cluster").certificate_pem)), HasSubstr("certificate verify failed"));
  ::unsetenv("SSL_CERT_FILE");
  std::filesystem::remove(bundle);
}

TEST(Tls, refuses_a_certificate_for_another_address) {
  const auto ca = authority("good");
  const auto other = serve(issue(ca, {"10.9.8.7"}));
  EXPECT_THAT(ask(config_for(*other, ca.certificate_pem)), HasSubstr("certificate verify failed"));
}

/// A machine without /etc/hosts, such as a bare debootstrap, knows no name at all.
bool knows_localhost() {
  addrinfo* found = nullptr;
  const bool known = ::getaddrinfo("localhost", nullptr, nullptr, &found) == 0;
  if (known) {
    ::freeaddrinfo(found);
  }
  return known;
}

TEST(Tls, checks_names_as_well_but_never_the_common_name) {
  if (!knows_localhost()) {
    GTEST_SKIP() << "localhost does not resolve here";
  }
  const auto ca = authority("good");
  const auto server = serve(issue(ca, {"localhost"}));
  EXPECT_THAT(ask(config_for(*server, ca.certificate_pem, "localhost")), HasSubstr("|localhost:"));
  const auto named = serve(issue(ca, {"elsewhere.example"}, CertificateUse::server, "localhost"));
  EXPECT_THAT(ask(config_for(*named, ca.certificate_pem, "localhost")), HasSubstr("certificate verify failed"));
}

TEST(Tls, tls_server_name_is_the_name_that_counts) {
  const auto ca = authority("good");
  const auto server = serve(issue(ca, {"kubernetes"}));
  Config config = config_for(*server, ca.certificate_pem);
  EXPECT_THAT(ask(config), HasSubstr("certificate verify failed"));
  config.tls_server_name = "kubernetes";
  EXPECT_EQ(ask(config), "|kubernetes");
}

TEST(Tls, verification_can_be_switched_off) {
  const auto server = serve(issue(authority("unknown"), {"elsewhere"}));
  Config config = config_for(*server, "");
  config.insecure_skip_tls_verify = true;
  EXPECT_THAT(ask(config), HasSubstr("|127.0.0.1:"));
}

TEST(Tls, presents_the_client_certificate) {
  const auto ca = authority("good");
  const auto server = serve(issue(ca, {"127.0.0.1"}), ca.certificate_pem);
  const auto me = issue(ca, {}, CertificateUse::client, "admin");
  Config config = config_for(*server, ca.certificate_pem);
  config.client_certificate_pem = me.certificate_pem;
  config.client_key_pem = me.private_key_pem;
  EXPECT_THAT(ask(config), HasSubstr("admin|"));
  config.client_key_pem = issue(ca, {}, CertificateUse::client, "other").private_key_pem;
  EXPECT_THAT(ask(config), HasSubstr("client-key"));
}

TEST(Tls, a_rotated_ca_file_counts_from_the_next_connection_on) {
  const auto old_ca = authority("old");
  const auto new_ca = authority("new");
  const std::string file = (std::filesystem::temp_directory_path() / "kube_test_ca.crt").string();
  std::ofstream(file) << old_ca.certificate_pem;
  auto server = serve(issue(old_ca, {"127.0.0.1"}));
  Config config = config_for(*server, "");
  config.ca_file = file;
  auto client = Client::create(config);
  ASSERT_TRUE(client.ok()) << client.error().message;
  EXPECT_TRUE((*client)->get_raw("/").ok());
  const std::uint16_t port = server->local().port;
  server.reset();
  server = serve(issue(new_ca, {"127.0.0.1"}), "", port);
  EXPECT_THAT((*client)->get_raw("/").error().message, HasSubstr("certificate verify failed"));
  std::ofstream(file) << new_ca.certificate_pem;
  const auto answer = (*client)->get_raw("/");
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  std::filesystem::remove(file);
  // A file that is gone is said so; the request was not sent.
  server.reset();
  server = serve(issue(new_ca, {"127.0.0.1"}), "", port);
  EXPECT_THAT((*client)->get_raw("/").error().message, HasSubstr("kube_test_ca.crt: cannot be opened"));
}

TEST(Tls, writes_on_connections_closed_by_the_server_are_sent_once_on_a_new_one) {
  const auto ca = authority("good");
  const auto certificate = issue(ca, {"127.0.0.1"});
  auto server = serve(certificate);
  const std::uint16_t port = server->local().port;
  auto client = Client::create(config_for(*server, ca.certificate_pem));
  ASSERT_TRUE(client.ok());
  for (int i = 0; i < 3; ++i) {
    // The body is no object, so the answer is an error of decoding, which shows that an answer came.
    const auto written = (*client)->create_object(pods, "shop", {});
    EXPECT_THAT(written.error().message, HasSubstr("not JSON")) << i;
    server.reset();
    server = serve(certificate, "", port);
  }
}

}  // namespace
}  // namespace troupe::kube
