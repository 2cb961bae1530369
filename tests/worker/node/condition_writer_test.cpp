#include "worker/node/condition_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/resource_types.hpp"
#include "platform/event_loop.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/fake_client.hpp"

namespace troupe::node {
namespace {

using nlohmann::json;

struct ConditionWriting : testing::Test {
  ConditionWriting() {
    const auto made = client->create_object(
        kube::pods, "default", json{{"metadata", {{"name", "w-0"}, {"namespace", "default"}, {"uid", "u"}}}});
    EXPECT_TRUE(made.ok());
  }
  static WorkerReport report(bool joined) {
    WorkerReport out;
    out.joined = joined;
    out.joined_reason = joined ? "AllPeersConnected" : "PeersMissing";
    return out;
  }
  /// "True", "False" or "".
  [[nodiscard]] std::string joined() const {
    const json pod = client->all(kube::pods).at(0);
    for (const json& condition : pod.value(json::json_pointer("/status/conditions"), json::array())) {
      if (condition["type"] == "troupe.dev/Joined") {
        return condition["status"];
      }
    }
    return "";
  }
  [[nodiscard]] bool comes_to_say(const std::string& status) const {
    return kube::eventually([&] { return joined() == status; });
  }

  std::shared_ptr<kube::FakeClient> client = std::make_shared<kube::FakeClient>();
  ConditionWriter writer{client, "default", "w-0", "u", platform::real_clock()};
};

TEST_F(ConditionWriting, a_write_whose_answer_was_lost_is_not_taken_for_undone) {
  writer.report(report(true));
  ASSERT_TRUE(comes_to_say("True"));
  client->lose_next_answer();
  writer.report(report(false));
  ASSERT_TRUE(comes_to_say("False"));
  writer.report(report(true));
  EXPECT_TRUE(comes_to_say("True")) << "what the server had before the lost answer is taken for what it has";
}

TEST_F(ConditionWriting, is_tried_again_until_it_succeeds) {
  client->fail_with(kube::FakeClient::error(500, "InternalError"));
  writer.report(report(true));
  ASSERT_TRUE(kube::eventually([&] { return client->requests().size() > 1; }));
  EXPECT_EQ(joined(), "");
  client->fail_with(std::nullopt);
  EXPECT_TRUE(comes_to_say("True"));
}

TEST_F(ConditionWriting, of_what_is_there_already_asks_and_changes_nothing) {
  writer.report(report(true));
  ASSERT_TRUE(comes_to_say("True"));
  const std::string version = client->all(kube::pods).at(0)["metadata"]["resourceVersion"];
  ConditionWriter other(client, "default", "w-0", "u", platform::real_clock());
  const std::size_t requests = client->requests().size();
  other.report(report(true));
  ASSERT_TRUE(kube::eventually([&] { return client->requests().size() > requests; }));
  EXPECT_EQ(client->all(kube::pods).at(0)["metadata"]["resourceVersion"], version);
}

}  // namespace
}  // namespace troupe::node
