#include <gtest/gtest.h>

#include "tests/simulation/simulated_network.hpp"
#include "worker/distribution/epmd_client.hpp"
#include "worker/distribution/epmd_server.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

using std::chrono::seconds;

const EpmdNode counter{"counter", 9100, true};

TEST(EpmdProtocol, requests_survive_the_round_trip) {
  const Bytes asked = encode_epmd_request(PortPlease{"counter"});
  EXPECT_EQ(std::get<PortPlease>(*decode_epmd_request(ByteView(asked).subspan(2))).name, "counter");
  const Bytes alive = encode_epmd_request(Alive{counter});
  EXPECT_EQ(std::get<Alive>(*decode_epmd_request(ByteView(alive).subspan(2))).node, counter);
  for (std::size_t size = 2; size < alive.size(); ++size) {
    EXPECT_FALSE(decode_epmd_request(ByteView(alive).subspan(2, size - 2)).ok());
  }
  EXPECT_EQ(decode_epmd_request(Bytes{std::byte{107}}).error().code, ErrorCode::unsupported);
}

TEST(EpmdProtocol, a_reply_in_pieces_is_waited_for) {
  const Bytes reply = encode_port_reply(counter);
  for (std::size_t size = 0; size < reply.size(); ++size) {
    const auto part = decode_port_reply(ByteView(reply).first(size));
    ASSERT_TRUE(part.ok());
    EXPECT_FALSE(part->has_value());
  }
  EXPECT_EQ(decode_port_reply(reply)->value(), counter);
  EXPECT_EQ(decode_port_reply(encode_port_reply(std::nullopt)).error().code, ErrorCode::not_found);
  EXPECT_EQ(decode_alive_reply(encode_alive_refusal()).error().code, ErrorCode::already_exists);
}

struct Epmd : testing::Test {
  simulation::SimulatedLoop loop;
  SeededRandom random{1};
  simulation::SimulatedNetwork network{loop, random};
  std::unique_ptr<EpmdServer> server =
      EpmdServer::start(loop, network.host("10.0.0.1"), {"10.0.0.1", 4369}, counter).value();

  Result<EpmdNode> lookup(const std::string& host, const std::string& name) {
    std::optional<Result<EpmdNode>> answer;
    epmd_lookup(loop, network.host("10.0.0.2"), {host, 4369}, name, seconds(5),
                [&](Result<EpmdNode> found) { answer = std::move(found); });
    EXPECT_FALSE(answer.has_value()) << "it must not call back inside the call";
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, seconds(6)));
    return *answer;
  }
};

TEST_F(Epmd, tells_the_port_of_its_node_and_of_no_other) {
  EXPECT_EQ(lookup("10.0.0.1", "counter").value(), counter);
  EXPECT_EQ(lookup("10.0.0.1", "other").error().code, ErrorCode::not_found);
}

TEST_F(Epmd, a_lookup_fails_cleanly_where_nobody_listens_or_answers) {
  EXPECT_EQ(lookup("10.0.0.9", "counter").error().code, ErrorCode::unavailable);
  network.cut("10.0.0.1", "10.0.0.2", simulation::Cut::silent);
  EXPECT_EQ(lookup("10.0.0.1", "counter").error().code, ErrorCode::timeout);
}

TEST_F(Epmd, hangs_up_on_clients_that_say_nothing_or_nonsense) {
  int closed = 0;
  std::vector<std::unique_ptr<Connection>> clients;
  for (const bool speaks : {false, true}) {
    network.host("10.0.0.2").connect({"10.0.0.1", 4369}, seconds(1), [&, speaks](auto connected) {
      clients.push_back(std::move(connected).value());
      clients.back()->start({.on_data = {}, .on_close = [&](const auto&) { ++closed; }, .on_drained = {}});
      if (speaks) {
        clients.back()->write(Bytes(600, std::byte{0xFF}));
      }
    });
  }
  EXPECT_TRUE(loop.run_until([&] { return closed == 2; }, seconds(6)));
}

TEST_F(Epmd, refuses_to_register_another_node) {
  const EpmdRegistration registration(loop, network.host("10.0.0.2"), {"10.0.0.1", 4369}, {"intruder", 1, false});
  loop.run_for(seconds(3));
  EXPECT_FALSE(registration.registered());
  EXPECT_EQ(lookup("10.0.0.1", "intruder").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace troupe::distribution
