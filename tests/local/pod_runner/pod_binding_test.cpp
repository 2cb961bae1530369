#include "local/pod_runner/pod_binding.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

kube::Object pod(const json& spec) {
  json whole = {{"metadata", {{"name", "p"}}}, {"spec", spec}};
  return kube::Object(std::move(whole));
}

json asking(const char* cpu) {
  return {{"containers",
           {{{"name", "c"}, {"image", "i"}, {"command", {"x"}}, {"resources", {{"requests", {{"cpu", cpu}}}}}}}}};
}

TEST(PodBinding, counts_what_is_promised_already) {
  NodeDescription node;
  node.name = "local";
  node.cpus = 2;
  EXPECT_EQ(why_not_fitting(pod(asking("1500m")), node, {}), "");
  EXPECT_NE(why_not_fitting(pod(asking("1500m")), node, {pod(asking("1"))}).find("Insufficient cpu"),
            std::string::npos);
}

TEST(PodBinding, heeds_the_node_selector) {
  NodeDescription node;
  node.name = "local";
  EXPECT_EQ(why_not_fitting(pod({{"nodeSelector", {{"kubernetes.io/hostname", "local"}}}}), node, {}), "");
  EXPECT_NE(why_not_fitting(pod({{"nodeSelector", {{"disk", "ssd"}}}}), node, {}), "");
}

}  // namespace
}  // namespace troupe::local
