// Links over TLS beside a real Erlang node that runs with `-proto_dist inet_tls`, both sides with certificates.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/tls_certificate.hpp"
#include "platform/tls_network.hpp"
#include "tests/worker/distribution/node_beside_erlang.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using platform::CertificateAndKey;
using platform::CertificateUse;

const CertificateAndKey& ca() {
  static const CertificateAndKey made = *platform::make_ca("troupe test", 1h);
  return made;
}

CertificateAndKey leaf_for(const std::string& address) {
  return *platform::issue_certificate(ca(), "node", {address}, 1h, CertificateUse::peer);
}

std::unique_ptr<Network> tls_of_this_node(platform::AsioLoop& loop) {
  const CertificateAndKey leaf = leaf_for("127.0.0.2");
  const auto credentials =
      *platform::TlsCredentials::make({leaf.certificate_pem, leaf.private_key_pem, ca().certificate_pem});
  return std::make_unique<platform::TlsNetwork>(
      loop, [credentials] { return credentials; }, std::vector<std::string>{});
}

/// Sends back what it is sent, as {self(), Term}.
struct Echo {
  using messages = troupe::messages<Term>;
  void handle(const Term& message) {
    if (const auto fields = message.as_tuple(); fields && fields->size() == 2 && (*fields)[0].as_pid()) {
      troupe::send(*(*fields)[0].as_pid(), Term::tuple({Term::pid(troupe::self()), (*fields)[1]}));
    }
  }
};

struct TlsInterop : test::NodeBesideErlang {
  TlsInterop() : NodeBesideErlang(tls_of_this_node) { std::filesystem::create_directories(folder); }
  ~TlsInterop() override { std::filesystem::remove_all(folder); }

  /// erl's arguments for links over TLS, with a certificate for `address`.
  [[nodiscard]] std::vector<std::string> with_certificate_for(const std::string& address) const {
    const CertificateAndKey leaf = leaf_for(address);
    std::ofstream(folder / "tls.crt") << leaf.certificate_pem;
    std::ofstream(folder / "tls.key") << leaf.private_key_pem;
    std::ofstream(folder / "ca.crt") << ca().certificate_pem;
    const auto path = [this](const char* file) { return '"' + (folder / file).string() + '"'; };
    const std::string files = "{certfile, " + path("tls.crt") + "}, {keyfile, " + path("tls.key") + "}, {cacertfile, " +
                              path("ca.crt") + "}, {verify, verify_peer}";
    std::ofstream(folder / "dist.conf") << "[{server, [" << files << ", {fail_if_no_peer_cert, true}]}, {client, ["
                                        << files << "]}].";
    return {"-proto_dist", "inet_tls", "-ssl_dist_optfile", (folder / "dist.conf").string()};
  }
  [[nodiscard]] std::unique_ptr<test::ChildProgram> run(const std::string& code,
                                                        const std::vector<std::string>& arguments) const {
    return test::start_erlang(epmd_port, "cookie", "T = '" + std::string(node_name) + "', " + code, arguments);
  }
  [[nodiscard]] std::uint64_t rejected(distribution::HandshakeFailure why) const {
    return distribution->counters().handshakes_rejected.at(static_cast<std::size_t>(why));
  }

  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("troupe_tls_interop_" + std::to_string(getpid()));
};

TEST_F(TlsInterop, erlang_connects_and_terms_travel_both_ways) {
  ASSERT_TRUE(runtime.register_name("echo", runtime.spawn<Echo>()));
  const auto erl =
      run("pong = net_adm:ping(T), Big = binary:copy(<<\"troupe\">>, 500000), "
          "{echo, T} ! {self(), {small, Big, [1, 2.5, ok]}}, "
          "receive {P, {small, Big, [1, 2.5, ok]}} when node(P) =:= T -> io:format(\"echoed~n\") end.",
          with_certificate_for("127.0.0.1"));
  EXPECT_TRUE(erl->prints("echoed")) << erl->output();
}

TEST_F(TlsInterop, this_node_connects_to_erlang) {
  const auto erl =
      run("register(inbox, self()), io:format(\"ready~n\"), "
          "receive hello -> io:format(\"heard from ~p~n\", [nodes(hidden)]) end.",
          with_certificate_for("127.0.0.1"));
  ASSERT_TRUE(erl->prints("ready")) << erl->output();
  const RuntimeScope scope(runtime);
  troupe::send(Destination("inbox", "e@127.0.0.1"), Term::atom("hello"));
  EXPECT_TRUE(erl->prints("heard from ['t@127.0.0.2']")) << erl->output();
}

TEST_F(TlsInterop, a_certificate_for_another_address_is_refused) {
  const auto erl = run("io:format(\"~p~n\", [net_kernel:connect_node(T)]).", with_certificate_for("127.0.0.77"));
  EXPECT_TRUE(erl->prints("false")) << erl->output();
  EXPECT_EQ(rejected(distribution::HandshakeFailure::bad_certificate), 1u);
}

TEST_F(TlsInterop, a_node_without_tls_is_refused) {
  const auto erl = run("io:format(\"~p~n\", [net_kernel:connect_node(T)]).", {});
  EXPECT_TRUE(erl->prints("false")) << erl->output();
  EXPECT_EQ(distribution->counters().links_up, 0u);
}

}  // namespace
}  // namespace troupe
