#include "local/pod_runner/pod_spec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

json pod_with(const json& container, const json& more = json::object()) {
  json pod = {{"spec", {{"containers", json::array({container})}}}};
  pod["spec"].update(more);
  return pod;
}

TEST(PodSpec, reads_probes_with_kubernetes_defaults_and_named_ports) {
  const PodSpec spec =
      parse_pod_spec(pod_with({{"name", "w"},
                               {"image", "i"},
                               {"command", {"troupe-worker"}},
                               {"args", {"-v"}},
                               {"ports", {{{"name", "http"}, {"containerPort", 9464}}}},
                               {"readinessProbe", {{"httpGet", {{"path", "/readyz"}, {"port", "http"}}}}}}));
  EXPECT_TRUE(spec.refused.empty());
  const ContainerSpec& container = spec.containers.at(0);
  EXPECT_EQ(container.command, (std::vector<std::string>{"troupe-worker", "-v"}));
  ASSERT_TRUE(container.readiness_probe);
  EXPECT_EQ(container.readiness_probe->target.http_get->port, 9464);
  EXPECT_EQ(container.readiness_probe->period, std::chrono::seconds(10));
  EXPECT_EQ(container.readiness_probe->failure_threshold, 3);
}

TEST(PodSpec, names_what_a_node_of_plain_processes_cannot_do) {
  const PodSpec spec = parse_pod_spec(
      pod_with({{"name", "w"}, {"image", "i"}, {"volumeMounts", {{{"name", "v"}, {"mountPath", "/data"}}}}},
               {{"volumes", {{{"name", "v"}, {"emptyDir", json::object()}}}}, {"hostNetwork", true}}));
  std::string all;
  for (const std::string& line : spec.refused) {
    all += line + "\n";
  }
  for (const char* named : {"volumeMounts[v]", "volumes[v]", "hostNetwork", "command"}) {
    EXPECT_NE(all.find(named), std::string::npos) << named << " in " << all;
  }
}

TEST(PodSpec, accepts_the_volume_of_the_service_account) {
  const PodSpec spec = parse_pod_spec(pod_with(
      {{"name", "w"},
       {"image", "i"},
       {"command", {"x"}},
       {"volumeMounts", {{{"name", "token"}, {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}}}}},
      {{"volumes", {{{"name", "token"}, {"projected", json::object()}}}}}));
  EXPECT_TRUE(spec.refused.empty());
}

TEST(PodSpec, adds_up_requests) {
  const PodSpec spec = parse_pod_spec(pod_with({{"name", "w"},
                                                {"image", "i"},
                                                {"command", {"x"}},
                                                {"resources", {{"requests", {{"cpu", "250m"}, {"memory", "64Mi"}}}}}}));
  EXPECT_DOUBLE_EQ(spec.cpu_requests, 0.25);
  EXPECT_EQ(spec.memory_requests_bytes, 64U << 20);
}

TEST(Quantity, reads_suffixes_and_refuses_nonsense) {
  EXPECT_DOUBLE_EQ(*parse_quantity("1.5"), 1.5);
  EXPECT_DOUBLE_EQ(*parse_quantity("2k"), 2000);
  EXPECT_FALSE(parse_quantity("12parsecs"));
  EXPECT_FALSE(parse_quantity(""));
  EXPECT_FALSE(parse_quantity("-1"));
}

}  // namespace
}  // namespace troupe::local
