#include "worker/node/peer_list.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::node {
namespace {

using nlohmann::json;

json worker_pod(const std::string& name, const std::string& ip) {
  return {{"metadata",
           {{"name", name},
            {"uid", "uid-" + name},
            {"labels", {{"troupe.dev/cluster", "c"}, {"app.kubernetes.io/component", "worker"}}}}},
          {"status", {{"phase", "Running"}, {"podIP", ip}}}};
}

TEST(PeerList, names_the_other_workers_in_order) {
  const auto peers =
      peers_among({kube::Object(worker_pod("c-2", "10.0.0.2")), kube::Object(worker_pod("c-0", "10.0.0.0")),
                   kube::Object(worker_pod("c-1", "10.0.0.1"))},
                  "c", "uid-c-0");
  ASSERT_EQ(peers.size(), 2U);
  EXPECT_EQ(peers[0].node_name, "c@10.0.0.1");
  EXPECT_EQ(peers[1].pod_name, "c-2");
}

TEST(PeerList, leaves_out_what_cannot_or_will_not_answer) {
  json no_address = worker_pod("c-1", "");
  json leaving = worker_pod("c-2", "10.0.0.2");
  leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  json ended = worker_pod("c-3", "10.0.0.3");
  ended["status"]["phase"] = "Failed";
  json other_cluster = worker_pod("d-1", "10.0.0.4");
  other_cluster["metadata"]["labels"]["troupe.dev/cluster"] = "d";
  json no_worker = worker_pod("c-4", "10.0.0.5");
  no_worker["metadata"]["labels"].erase("app.kubernetes.io/component");
  json malformed = worker_pod("c-5", "10.0.0.6");
  malformed["status"] = "text";
  std::vector<kube::Object> pods;
  for (const json& pod : {no_address, leaving, ended, other_cluster, no_worker, malformed}) {
    pods.emplace_back(pod);
  }
  EXPECT_TRUE(peers_among(pods, "c", "nobody").empty());
}

}  // namespace
}  // namespace troupe::node
