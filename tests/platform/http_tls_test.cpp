#include <gtest/gtest.h>

#include "platform/tls_certificate.hpp"
#include "tests/platform/http_fixture.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

class http_tls : public HttpFixture {
 protected:
  http_tls() : ca_(*make_ca("ca", 1h)) {
    const auto leaf = *issue_certificate(ca_, "server", {"127.0.0.1"}, 1h, CertificateUse::server);
    options_.tls = HttpServer::Tls{leaf.certificate_pem, leaf.private_key_pem, ca_.certificate_pem};
    handler_ = [](const HttpRequest& request, const std::shared_ptr<HttpExchange>& exchange) {
      exchange->respond({200, {}, "cn=" + std::string(request.header("x-client-common-name"))});
    };
  }

  RawClient::Tls client_of(const CertificateAndKey& ca, const std::string& name) {
    const auto leaf = *issue_certificate(ca, name, {}, 1h, CertificateUse::client);
    return {ca_.certificate_pem, leaf.certificate_pem, leaf.private_key_pem};
  }

  CertificateAndKey ca_;
};

TEST_F(http_tls, tells_the_handler_the_name_in_the_clients_certificate) {
  start();
  RawClient client(at(), client_of(ca_, "system:admin"));
  ASSERT_TRUE(client.connected());
  client.send(get("/"));
  EXPECT_EQ(client.read_response().body, "cn=system:admin");
}

TEST_F(http_tls, serves_a_client_without_a_certificate_and_believes_no_header) {
  start();
  RawClient client(at(), RawClient::Tls{ca_.certificate_pem, "", ""});
  ASSERT_TRUE(client.connected());
  client.send("GET / HTTP/1.1\r\nHost: t\r\nX-Client-Common-Name: admin\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "cn=");
}

TEST_F(http_tls, refuses_a_certificate_of_another_ca) {
  start();
  RawClient client(at(), client_of(*make_ca("ca", 1h), "system:admin"));
  client.send(get("/"));
  EXPECT_EQ(client.read_response().status, 0);
}

TEST_F(http_tls, sends_big_bodies_and_streams) {
  handler_ = [](const HttpRequest& request, const std::shared_ptr<HttpExchange>& exchange) {
    if (request.target == "/whole") {
      return exchange->respond({200, {}, std::string(5'000'000, 'w')});
    }
    const auto stream = exchange->stream(200, {});
    for (int i = 0; i < 50; ++i) {
      stream->write(std::string(100'000, 's'));
    }
    stream->close();
  };
  start();
  RawClient client(at(), RawClient::Tls{ca_.certificate_pem, "", ""});
  client.send(get("/whole") + get("/stream"));
  EXPECT_EQ(client.read_response().body.size(), 5'000'000U);
  EXPECT_EQ(client.read_response().body.size(), 5'000'000U);
  client.send("GET /whole HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_response().body.size(), 5'000'000U);
  EXPECT_TRUE(client.ends());
}

TEST_F(http_tls, survives_clients_that_do_not_speak_it_or_stop_half_way) {
  options_.idle_timeout = 1s;
  start();
  RawClient plain(at());
  plain.send(get("/"));
  EXPECT_TRUE(plain.ends());
  RawClient half(at());
  half.send(std::string("\x16\x03\x01", 3));
  EXPECT_TRUE(half.ends());
  RawClient good(at(), RawClient::Tls{ca_.certificate_pem, "", ""});
  good.send(get("/"));
  EXPECT_EQ(good.read_response().status, 200);
}

TEST_F(http_tls, tells_a_stream_that_its_client_has_gone) {
  std::shared_ptr<HttpStream> stream;
  bool closed = false;
  handler_ = [&](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    auto opened = exchange->stream(200, {});
    opened->on_closed([&] { change([&] { closed = true; }); });
    change([&] { stream = std::move(opened); });
  };
  start();
  {
    RawClient client(at(), RawClient::Tls{ca_.certificate_pem, "", ""});
    client.send(get("/"));
    client.read_until("\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return closed; }));
}

TEST_F(http_tls, names_the_part_of_its_settings_that_is_wrong) {
  const auto start_with = [&](auto change_tls) {
    HttpServer::Options wrong = options_;
    change_tls(*wrong.tls);
    return HttpServer::start(wrong, handler_);
  };
  const auto other = *issue_certificate(ca_, "x", {}, 1h, CertificateUse::server);
  const auto expect_invalid = [](const auto& started, std::string_view named) {
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(started.error().message.find(named), std::string::npos) << started.error().message;
  };
  expect_invalid(start_with([](auto& tls) { tls.certificate_pem = "garbage"; }), "certificate");
  expect_invalid(start_with([](auto& tls) { tls.private_key_pem = "garbage"; }), "private key");
  expect_invalid(start_with([&](auto& tls) { tls.private_key_pem = other.private_key_pem; }), "private key");
  expect_invalid(start_with([](auto& tls) { tls.client_ca_pem = "garbage"; }), "client CA");
}

}  // namespace
}  // namespace troupe::platform
