#include "operator/desired/objects.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "tests/operator/desired/fixture.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;
namespace contract = pod_contract;

using fixture::owner;

json pod_of(const char* spec_patch = "{}") {
  json document = fixture::cluster_document();
  document["spec"].merge_patch(json::parse(spec_patch));
  return build_pod(owner, fixture::cluster(document).intent, {2, "rev", 0});
}

json variable(const json& pod, std::string_view name) {
  for (const json& one : pod["spec"]["containers"][0]["env"]) {
    if (one["name"] == name) {
      return one;
    }
  }
  return {};
}

TEST(Pod, keeps_the_contract_with_the_worker) {
  const json pod = pod_of();
  EXPECT_EQ(pod["metadata"]["name"], "counter-2");
  EXPECT_EQ(pod["metadata"]["namespace"], "shop");
  EXPECT_EQ(pod["metadata"]["labels"][std::string(contract::cluster_label)], "counter");
  EXPECT_EQ(pod["metadata"]["labels"][std::string(contract::component_label)], "worker");
  EXPECT_EQ(pod["metadata"]["labels"][std::string(contract::revision_label)], "rev");
  EXPECT_EQ(pod["metadata"]["labels"][std::string(contract::ordinal_label)], "2");
  const json& worker = pod["spec"]["containers"][0];
  EXPECT_EQ(worker["name"], "worker");
  EXPECT_EQ(worker["image"], "troupe-worker:0.1.0");
  EXPECT_EQ(worker["command"], json::parse(R"(["troupe-worker"])"));
  EXPECT_EQ(variable(pod, contract::cluster_env)["value"], "counter");
  EXPECT_EQ(variable(pod, contract::pod_ip_env)["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
  EXPECT_EQ(variable(pod, contract::pod_uid_env)["valueFrom"]["fieldRef"]["fieldPath"], "metadata.uid");
  EXPECT_EQ(variable(pod, contract::cookie_env)["valueFrom"]["secretKeyRef"],
            json::parse(R"({"name": "counter-cookie", "key": "cookie"})"));
  EXPECT_EQ(variable(pod, contract::visibility_env)["value"], "Hidden");
  EXPECT_EQ(variable(pod, contract::drain_timeout_seconds_env)["value"], "60");
  EXPECT_EQ(worker["ports"].size(), 3U);
  EXPECT_EQ(worker["readinessProbe"]["httpGet"], json::parse(R"({"path": "/readyz", "port": "http"})"));
  EXPECT_EQ(worker["livenessProbe"]["httpGet"]["path"], "/healthz");
  EXPECT_TRUE(worker.contains("startupProbe"));
  EXPECT_EQ(pod["spec"]["serviceAccountName"], "counter-worker");
  EXPECT_EQ(pod["spec"]["restartPolicy"], "Always");
  EXPECT_EQ(pod["spec"]["terminationGracePeriodSeconds"], 70);
}

TEST(Pod, is_restricted) {
  const json pod = pod_of();
  EXPECT_EQ(pod["spec"]["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(pod["spec"]["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  EXPECT_EQ(pod["spec"]["containers"][0]["securityContext"],
            json::parse(R"({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}})"));
  EXPECT_FALSE(pod["spec"].contains("hostNetwork"));
}

TEST(Pod, spreads_over_nodes_but_does_not_insist) {
  const json pod = pod_of();
  ASSERT_FALSE(pod["spec"]["topologySpreadConstraints"].empty());
  for (const json& constraint : pod["spec"]["topologySpreadConstraints"]) {
    EXPECT_EQ(constraint["whenUnsatisfiable"], "ScheduleAnyway");
  }
}

TEST(Pod, follows_the_intent) {
  const json pod = pod_of(R"({
      "distribution": {"visibility": "Published", "cookieSecretRef": {"name": "mine"}}, "drain": {"timeoutSeconds": 5},
      "resources": {"limits": {"cpu": "2"}},
      "podTemplate": {"metadata": {"labels": {"team": "a"}}, "spec": {"nodeSelector": {"disk": "ssd"}}}})");
  EXPECT_EQ(variable(pod, contract::visibility_env)["value"], "Published");
  EXPECT_EQ(variable(pod, contract::cookie_env)["valueFrom"]["secretKeyRef"]["name"], "mine");
  EXPECT_EQ(pod["spec"]["terminationGracePeriodSeconds"], 15);
  EXPECT_EQ(pod["spec"]["containers"][0]["resources"], json::parse(R"({"limits": {"cpu": "2"}})"));
  EXPECT_EQ(pod["metadata"]["labels"]["team"], "a");
  EXPECT_EQ(pod["metadata"]["labels"][std::string(contract::cluster_label)], "counter");
  EXPECT_EQ(pod["spec"]["nodeSelector"]["disk"], "ssd");
}

TEST(Service, is_headless_and_publishes_addresses_that_are_not_ready) {
  const json service = build_headless_service(owner);
  EXPECT_EQ(service["metadata"]["name"], "counter");
  EXPECT_EQ(service["spec"]["clusterIP"], "None");
  EXPECT_EQ(service["spec"]["publishNotReadyAddresses"], true);
  EXPECT_EQ(service["spec"]["selector"], worker_selector(owner));
}

TEST(Role, names_the_pods_whose_status_may_be_written) {
  const json role = build_role(owner, {"counter-0", "counter-1"});
  ASSERT_EQ(role["rules"].size(), 3U);
  EXPECT_EQ(role["rules"][2], json::parse(R"({"apiGroups": [""], "resources": ["pods/status"],
      "resourceNames": ["counter-0", "counter-1"], "verbs": ["patch"]})"));
}

TEST(Role, without_pods_allows_no_write_at_all) { EXPECT_EQ(build_role(owner, {})["rules"].size(), 2U); }

TEST(Binding, binds_the_account_to_the_role) {
  const json binding = build_role_binding(owner);
  EXPECT_EQ(binding["roleRef"]["name"], build_role(owner, {})["metadata"]["name"]);
  EXPECT_EQ(binding["subjects"][0]["name"], build_service_account(owner)["metadata"]["name"]);
  EXPECT_EQ(binding["subjects"][0]["namespace"], "shop");
}

TEST(DisruptionBudget, follows_max_unavailable_and_never_blocks_a_node_drain) {
  resource::Rollout rollout;
  rollout.max_unavailable = 2;
  EXPECT_EQ(build_pod_disruption_budget(owner, "policy/v1", rollout)["spec"]["maxUnavailable"], 2);
  rollout.max_unavailable = 0;
  const json budget = build_pod_disruption_budget(owner, "policy/v1beta1", rollout);
  EXPECT_EQ(budget["spec"]["maxUnavailable"], 1);
  EXPECT_EQ(budget["apiVersion"], "policy/v1beta1");
}

TEST(Cookie, is_long_random_and_plain) {
  SeededRandom random(1);
  const std::string one = random_cookie(random);
  EXPECT_EQ(one.size(), 32U);
  EXPECT_EQ(one.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), std::string::npos);
  EXPECT_NE(one, random_cookie(random));
}

TEST(EveryObject, carries_the_label_and_its_controller) {
  const resource::ClusterIntent intent = fixture::cluster(fixture::cluster_document()).intent;
  for (const json& object :
       {build_pod(owner, intent, {}), build_headless_service(owner), build_service_account(owner),
        build_role(owner, {}), build_role_binding(owner), build_cookie_secret(owner, "C"),
        build_controller_revision(owner, "r", {}, 1), build_pod_disruption_budget(owner, "policy/v1", {})}) {
    EXPECT_EQ(object["metadata"]["labels"][std::string(contract::cluster_label)], "counter") << object;
    EXPECT_TRUE(is_owned(owner, object)) << object;
    EXPECT_EQ(object["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], true);
  }
}

}  // namespace
}  // namespace troupe::desired
