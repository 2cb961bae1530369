// An exchange that turns its connection over to another protocol as raw bytes.
#include <gtest/gtest.h>

#include "platform/tls_certificate.hpp"
#include "tests/platform/http_fixture.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

const std::string ask =
    "POST /exec HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: other, spdy/3.1\r\n"
    "Content-Length: 0\r\n\r\n";

class http_upgrade : public HttpFixture {
 protected:
  /// Echoes; closes when "close" comes.
  http_upgrade() {
    handler_ = [this](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
      auto upgraded = exchange->upgrade("SPDY/3.1", {{"X-Chosen", "v4"}, {"Connection", "close"}});
      if (!upgraded) {
        return exchange->respond({400, {}, "not an upgrade"});
      }
      upgraded->start(
          [this, upgraded](const std::string& bytes) {
            bytes == "close" ? upgraded->close(close_grace_) : void(upgraded->write(bytes));
            upgraded->read_more();
          },
          [this] { change([this] { ++closed_; }); });
      change([&] { upgraded_ = upgraded; });
    };
  }

  std::shared_ptr<UpgradedConnection> upgraded() {
    std::shared_ptr<UpgradedConnection> found;
    EXPECT_TRUE(eventually([&] { return (found = upgraded_.lock()) != nullptr; }));
    return found;
  }

  static void expect_echo(RawClient& client, const std::string& bytes) {
    client.send(bytes);
    EXPECT_TRUE(client.read_exactly(bytes.size()) == bytes);
  }

  std::weak_ptr<UpgradedConnection> upgraded_;
  std::chrono::seconds close_grace_ = 0s;
  int closed_ = 0;
};

TEST_F(http_upgrade, answers_101_naming_the_protocol_and_passes_raw_bytes_both_ways) {
  start();
  RawClient client(at());
  client.send(ask);
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_EQ(head.find("HTTP/1.1 101 Switching Protocols\r\n"), 0U) << head;
  for (const char* line : {"\r\nConnection: Upgrade\r\n", "\r\nUpgrade: SPDY/3.1\r\n", "\r\nX-Chosen: v4\r\n"}) {
    EXPECT_NE(head.find(line), std::string::npos) << head;
  }
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(head.find("Connection: close"), std::string::npos);
  expect_echo(client, std::string("\x80\x03\0\0\r\n", 6));
  expect_echo(client, std::string(1'000'000, 'x'));
}

TEST_F(http_upgrade, works_over_tls) {
  const auto ca = *make_ca("ca", 1h);
  const auto leaf = *issue_certificate(ca, "server", {"127.0.0.1"}, 1h, CertificateUse::server);
  options_.tls = HttpServer::Tls{leaf.certificate_pem, leaf.private_key_pem, ""};
  start();
  RawClient client(at(), RawClient::Tls{ca.certificate_pem, "", ""});
  client.send(ask);
  client.read_until("\r\n\r\n");
  expect_echo(client, "over TLS");
}

TEST_F(http_upgrade, reads_no_further_than_it_is_asked_to) {
  std::size_t seen = 0;
  handler_ = [&](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    const auto connection = exchange->upgrade("SPDY/3.1", {});
    connection->start([&, connection](const std::string& bytes) { change([&] { seen += bytes.size(); }); }, [] {});
    change([&] { upgraded_ = connection; });
  };
  start();
  RawClient client(at());
  client.send(ask);
  client.read_until("\r\n\r\n");
  ASSERT_TRUE(client.send(std::string(100'000, 'x')));
  ASSERT_TRUE(eventually([&] { return seen > 0; }));
  EXPECT_LE(seen, 16U * 1024);
  while (seen < 100'000) {
    const std::size_t before = seen;
    upgraded()->read_more();
    ASSERT_TRUE(eventually([&] { return seen > before; }));
    EXPECT_LE(seen - before, 16U * 1024);
  }
}

TEST_F(http_upgrade, ends_after_all_that_was_queued) {
  start();
  RawClient client(at());
  client.send(ask);
  client.read_until("\r\n\r\n");
  upgraded()->write(std::string(5'000'000, 'x'));
  client.send("close");
  EXPECT_EQ(client.read_to_end().size(), 5'000'000U);
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
}

TEST_F(http_upgrade, leaves_the_end_to_the_client_for_the_grace_it_is_given) {
  close_grace_ = 600s;
  start();
  RawClient client(at());
  client.send(ask);
  client.read_until("\r\n\r\n");
  upgraded()->write("last");
  client.send("close");
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_EQ(client.read_exactly(4), "last");
  EXPECT_TRUE(client.send("thrown away"));
  client.end_output();
  EXPECT_TRUE(client.ends());
}

TEST_F(http_upgrade, ends_by_itself_when_the_client_outstays_the_grace) {
  close_grace_ = 1s;
  start();
  RawClient client(at());
  client.send(ask);
  client.read_until("\r\n\r\n");
  client.send("close");
  EXPECT_TRUE(client.ends());
}

TEST_F(http_upgrade, is_told_when_the_client_goes_away_and_lets_go_of_its_callbacks) {
  start();
  {
    RawClient client(at());
    client.send(ask);
    client.read_until("\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!upgraded_.expired() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(upgraded_.expired());
}

TEST_F(http_upgrade, ends_when_a_client_leaves_more_than_the_bound_unread) {
  options_.stream_unread_bytes_max = 1024 * 1024;
  start();
  RawClient client(at(), 4096);
  client.send(ask);
  const auto connection = upgraded();
  ASSERT_TRUE(connection);
  std::size_t accepted = 0;
  while (connection->write(std::string(64 * 1024, 'x'))) {
    accepted += 64 * 1024;
    ASSERT_LT(accepted, 64U * 1024 * 1024);
  }
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_FALSE(connection->write("x"));
}

TEST_F(http_upgrade, is_not_given_to_a_request_that_does_not_offer_the_protocol) {
  start();
  for (const std::string headers : {"", "Upgrade: SPDY/3.1\r\n", "Connection: Upgrade\r\nUpgrade: SPDY/2\r\n"}) {
    RawClient client(at());
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n" + headers + "\r\n");
    EXPECT_EQ(client.read_response().status, 400) << headers;
  }
  RawClient old(at());
  old.send("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
  EXPECT_EQ(old.read_response().status, 400);
  RawClient hasty(at());
  hasty.send(ask + "bytes before the 101");
  EXPECT_EQ(hasty.read_response().status, 400);
}

TEST_F(http_upgrade, breaks_off_when_the_handler_drops_it_and_when_the_server_stops) {
  handler_ = [](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    (void)exchange->upgrade("SPDY/3.1", {});
  };
  start();
  RawClient dropped(at());
  dropped.send(ask);
  EXPECT_TRUE(dropped.ends());
  server_.reset();
  handler_ = [this](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    auto kept = exchange->upgrade("SPDY/3.1", {});
    kept->start([kept](const std::string&) {}, [this] { change([this] { ++closed_; }); });
  };
  start();
  RawClient stopped(at());
  stopped.send(ask);
  stopped.read_until("\r\n\r\n");
  server_.reset();
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_TRUE(stopped.ends());
}

}  // namespace
}  // namespace troupe::platform
