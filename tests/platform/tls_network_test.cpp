#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/event_loop.hpp"
#include "platform/tls_certificate.hpp"
#include "platform/tls_folder.hpp"
#include "platform/tls_network.hpp"
#include "tests/platform/bytes_text.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

TlsIdentity identity(const CertificateAndKey& leaf, const std::string& ca_pem) {
  return {leaf.certificate_pem, leaf.private_key_pem, ca_pem};
}

/// One end: its credentials, its network, and what came of its connection.
struct End {
  std::shared_ptr<const TlsCredentials> credentials;
  std::unique_ptr<TlsNetwork> network;
  std::unique_ptr<Connection> connection;
  std::string received;
  std::optional<std::optional<Error>> closed;
  std::function<void()> on_data = [] {};
};

class TlsNetworks : public ::testing::Test {
 protected:
  TlsNetworks() {
    loop_.run_after(20s, [this] {
      ADD_FAILURE() << "the test did not finish in time";
      loop_.stop();
    });
  }

  void give(End& end, const TlsIdentity& with, std::vector<std::string> domains = {}) {
    auto made = TlsCredentials::make(with);
    ASSERT_TRUE(made.ok()) << made.error().message;
    end.credentials = std::move(*made);
    end.network = std::make_unique<TlsNetwork>(
        loop_, [&end] { return end.credentials; }, std::move(domains));
  }
  void give_both(std::vector<std::string> names = {"127.0.0.1"}, std::vector<std::string> domains = {}) {
    const auto leaf = *issue_certificate(ca_, "node", names, 1h, CertificateUse::peer);
    give(server_, identity(leaf, ca_.certificate_pem), domains);
    give(client_, identity(leaf, ca_.certificate_pem), domains);
  }

  void start(End& end) {
    end.connection->start({.on_data =
                               [&end](ByteView data) {
                                 end.received += text_of(data);
                                 end.on_data();
                               },
                           .on_close =
                               [this, &end](std::optional<Error> reason) {
                                 end.closed = std::move(reason);
                                 if (server_.closed && client_.closed) {
                                   loop_.stop();
                                 }
                               },
                           .on_drained = nullptr});
  }

  /// Connects, writes `hello` from the client, and runs until the loop is stopped.
  void run(const std::string& hello = "hello") {
    auto listener = server_.network->listen({"127.0.0.1", 0}, [this](std::unique_ptr<Connection> accepted) {
      server_.connection = std::move(accepted);
      start(server_);
    });
    ASSERT_TRUE(listener.ok());
    client_.network->connect((*listener)->local(), 5s, [this, hello](Result<std::unique_ptr<Connection>> connected) {
      ASSERT_TRUE(connected.ok()) << connected.error().message;
      client_.connection = std::move(*connected);
      EXPECT_FALSE(client_.connection->peer_is("127.0.0.1")) << "before the handshake nobody has proved anything";
      start(client_);
      client_.connection->write(bytes_of(hello));
    });
    loop_.run();
  }

  AsioLoop loop_;
  CertificateAndKey ca_ = *make_ca("ca", 1h);
  End server_;
  End client_;
};

TEST_F(TlsNetworks, carry_bytes_both_ways_and_know_who_the_peer_is) {
  give_both({"127.0.0.1", "node.example.org"});
  server_.on_data = [this] {
    if (server_.received == "hello") {
      EXPECT_TRUE(server_.connection->peer_is("127.0.0.1"));
      EXPECT_FALSE(server_.connection->peer_is("127.0.0.2"));
      server_.connection->write(bytes_of("welcome"));
    }
  };
  client_.on_data = [this] {
    if (client_.received == "welcome") {
      EXPECT_TRUE(client_.connection->peer_is("127.0.0.1"));
      loop_.stop();
    }
  };
  run();
}

TEST_F(TlsNetworks, take_one_certificate_for_every_address_of_their_domain) {
  give_both({"*.counter.shop.svc"}, {"pod.counter.shop.svc"});
  server_.on_data = [this] {
    EXPECT_TRUE(server_.connection->peer_is("10.1.2.3"));
    loop_.stop();
  };
  run();
}

TEST_F(TlsNetworks, do_not_take_a_certificate_of_another_domain) {
  give_both({"*.other.shop.svc"}, {"pod.counter.shop.svc"});
  server_.on_data = [this] {
    EXPECT_FALSE(server_.connection->peer_is("10.1.2.3"));
    loop_.stop();
  };
  run();
}

TEST_F(TlsNetworks, carry_a_big_write_whole_although_it_is_closed_at_once) {
  give_both();
  const std::string big(8 * 1024 * 1024 + 7, 'b');
  server_.on_data = [&] {
    if (server_.received.size() == big.size()) {
      server_.connection->close();
      server_.closed.emplace();
    }
  };
  run(big);
  EXPECT_EQ(server_.received, big);
  ASSERT_TRUE(client_.closed.has_value());
  EXPECT_FALSE(client_.closed->has_value()) << (*client_.closed)->message;
}

TEST_F(TlsNetworks, refuse_a_peer_that_another_ca_has_signed) {
  give_both();
  const CertificateAndKey other = *make_ca("ca", 1h);
  const auto leaf = *issue_certificate(other, "node", {"127.0.0.1"}, 1h, CertificateUse::peer);
  give(client_, identity(leaf, ca_.certificate_pem));
  run();
  ASSERT_TRUE(server_.closed && server_.closed->has_value() && client_.closed && client_.closed->has_value());
  EXPECT_EQ((*server_.closed)->code, ErrorCode::permission_denied) << (*server_.closed)->message;
  EXPECT_EQ((*client_.closed)->code, ErrorCode::permission_denied) << (*client_.closed)->message;
  EXPECT_THAT((*server_.closed)->message, ::testing::HasSubstr("its certificate is refused"));
  EXPECT_EQ(server_.received, "");
}

TEST_F(TlsNetworks, refuse_a_certificate_that_has_expired) {
  give_both();
  const auto leaf = *issue_certificate(ca_, "node", {"127.0.0.1"}, -10s, CertificateUse::peer);
  give(server_, identity(leaf, ca_.certificate_pem));
  run();
  ASSERT_TRUE(client_.closed && client_.closed->has_value());
  EXPECT_THAT((*client_.closed)->message, ::testing::HasSubstr("expired"));
}

TEST_F(TlsNetworks, believe_both_cas_while_one_replaces_the_other) {
  const CertificateAndKey next = *make_ca("ca-2", 1h);
  const std::string both = ca_.certificate_pem + next.certificate_pem;
  give(server_, identity(*issue_certificate(ca_, "old", {"127.0.0.1"}, 1h, CertificateUse::peer), both));
  give(client_, identity(*issue_certificate(next, "new", {"127.0.0.1"}, 1h, CertificateUse::peer), both));
  server_.on_data = [this] { loop_.stop(); };
  run();
  EXPECT_EQ(server_.received, "hello");
}

TEST_F(TlsNetworks, refuse_a_peer_that_does_not_speak_tls) {
  give_both();
  auto listener = server_.network->listen({"127.0.0.1", 0}, [this](std::unique_ptr<Connection> accepted) {
    server_.connection = std::move(accepted);
    start(server_);
  });
  ASSERT_TRUE(listener.ok());
  loop_.connect((*listener)->local(), 5s, [this](Result<std::unique_ptr<Connection>> connected) {
    ASSERT_TRUE(connected.ok());
    client_.connection = std::move(*connected);
    start(client_);
    client_.connection->write(bytes_of("N, plain and simple"));
  });
  loop_.run();
  ASSERT_TRUE(server_.closed && server_.closed->has_value());
  EXPECT_EQ((*server_.closed)->code, ErrorCode::invalid_argument) << (*server_.closed)->message;
}

TEST_F(TlsNetworks, tell_a_cut_from_an_end) {
  give_both();
  auto listener = server_.network->listen({"127.0.0.1", 0}, [this](std::unique_ptr<Connection> accepted) {
    server_.connection = std::move(accepted);
    start(server_);
  });
  ASSERT_TRUE(listener.ok());
  server_.on_data = [this] { client_.connection.reset(); };  // Without TLS's own end.
  client_.closed.emplace();
  client_.network->connect((*listener)->local(), 5s, [this](Result<std::unique_ptr<Connection>> connected) {
    client_.connection = std::move(*connected);
    start(client_);
    client_.connection->write(bytes_of("x"));
  });
  loop_.run();
  ASSERT_TRUE(server_.closed && server_.closed->has_value());
  EXPECT_EQ((*server_.closed)->code, ErrorCode::unavailable) << (*server_.closed)->message;
}

TEST(TlsIdentities, that_do_not_fit_are_refused_by_name) {
  const CertificateAndKey ca = *make_ca("ca", 1h);
  const auto one = *issue_certificate(ca, "one", {"127.0.0.1"}, 1h, CertificateUse::peer);
  const auto other = *issue_certificate(ca, "other", {"127.0.0.1"}, 1h, CertificateUse::peer);
  const auto message = [](const TlsIdentity& wrong) {
    const auto made = TlsCredentials::make(wrong);
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_EQ(message(identity(one, ca.certificate_pem)), "");
  EXPECT_THAT(message({one.certificate_pem, other.private_key_pem, ca.certificate_pem}),
              ::testing::HasSubstr("private key"));
  EXPECT_THAT(message({"", one.private_key_pem, ca.certificate_pem}), ::testing::HasSubstr("certificate"));
  EXPECT_THAT(message({one.certificate_pem, one.private_key_pem, ""}), ::testing::HasSubstr("CA"));
  EXPECT_THAT(message({one.certificate_pem, one.private_key_pem, "no certificate"}), ::testing::HasSubstr("CA"));
}

class TlsFolders : public ::testing::Test {
 protected:
  TlsFolders() { std::filesystem::create_directories(folder_); }
  ~TlsFolders() override { std::filesystem::remove_all(folder_); }

  void put(const TlsIdentity& files) const {
    std::ofstream(folder_ / "tls.crt") << files.certificate_pem;
    std::ofstream(folder_ / "tls.key") << files.private_key_pem;
    std::ofstream(folder_ / "ca.crt") << files.ca_pem;
  }
  [[nodiscard]] TlsIdentity fresh(const std::string& name) const {
    return identity(*issue_certificate(ca_, name, {"127.0.0.1"}, 1h, CertificateUse::peer), ca_.certificate_pem);
  }

  const CertificateAndKey ca_ = *make_ca("ca", 1h);
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("troupe_tls_" + std::to_string(getpid()));
};

TEST_F(TlsFolders, give_what_they_hold_and_what_replaces_it) {
  put(fresh("one"));
  auto folder = TlsFolder::open(folder_);
  ASSERT_TRUE(folder.ok()) << folder.error().message;
  const auto first = (*folder)->current();
  EXPECT_EQ((*folder)->current(), first);
  put(fresh("two"));
  const auto second = (*folder)->current();
  EXPECT_NE(second, first);
  EXPECT_NE(second, nullptr);
}

TEST_F(TlsFolders, keep_what_was_good_while_they_hold_nonsense) {
  put(fresh("one"));
  auto folder = TlsFolder::open(folder_);
  ASSERT_TRUE(folder.ok());
  const auto first = (*folder)->current();
  put({"nonsense", "nonsense", "nonsense"});
  EXPECT_EQ((*folder)->current(), first);
  std::filesystem::remove(folder_ / "tls.key");
  EXPECT_EQ((*folder)->current(), first);
  put(fresh("two"));
  EXPECT_NE((*folder)->current(), first);
}

TEST_F(TlsFolders, that_lack_a_file_cannot_be_opened) {
  const auto folder = TlsFolder::open(folder_);
  ASSERT_FALSE(folder.ok());
  EXPECT_THAT(folder.error().message, ::testing::HasSubstr("tls.crt"));
}

}  // namespace
}  // namespace troupe::platform
