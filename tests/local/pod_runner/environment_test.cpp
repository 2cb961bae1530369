#include "local/pod_runner/environment.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    lookup_.pod = &pod_;
    lookup_.pod_ip = "127.77.0.2";
    lookup_.host_ip = "127.0.0.1";
    lookup_.secret_key = [](const std::string& name, const std::string& key) -> Result<std::optional<std::string>> {
      return name == "s" && key == "cookie" ? std::optional<std::string>("XYZ") : std::nullopt;
    };
    lookup_.config_map_key = lookup_.secret_key;
  }

  static ContainerSpec container(const json& env) {
    const json pod = {{"spec", {{"containers", {{{"name", "c"}, {"image", "i"}, {"command", {"p"}}, {"env", env}}}}}}};
    return parse_pod_spec(pod).containers.at(0);
  }

  json pod_ = {{"metadata", {{"name", "p-0"}, {"namespace", "ns"}, {"uid", "u"}, {"labels", {{"a/b", "c"}}}}},
               {"spec", {{"nodeName", "n"}}}};
  EnvLookup lookup_;
};

TEST_F(EnvironmentTest, resolves_values_fields_and_secrets) {
  const auto env = resolve_environment(
      container({{{"name", "A"}, {"value", "1"}},
                 {{"name", "B"}, {"value", "$(A)-$$(A)-$(NONE)"}},
                 {{"name", "IP"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "status.podIP"}}}}}},
                 {{"name", "L"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.labels['a/b']"}}}}}},
                 {{"name", "C"}, {"valueFrom", {{"secretKeyRef", {{"name", "s"}, {"key", "cookie"}}}}}}}),
      lookup_);
  ASSERT_TRUE(env.ok()) << env.error().message;
  EXPECT_EQ(env->at("B"), "1-$(A)-$(NONE)");
  EXPECT_EQ(env->at("IP"), "127.77.0.2");
  EXPECT_EQ(env->at("L"), "c");
  EXPECT_EQ(env->at("C"), "XYZ");
}

TEST_F(EnvironmentTest, names_a_missing_secret_key_unless_it_is_optional) {
  const json reference = {{"name", "s"}, {"key", "gone"}};
  const auto missing =
      resolve_environment(container({{{"name", "C"}, {"valueFrom", {{"secretKeyRef", reference}}}}}), lookup_);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("secret \"s\" has no key \"gone\""), std::string::npos);
  json optional = reference;
  optional["optional"] = true;
  const auto skipped =
      resolve_environment(container({{{"name", "C"}, {"valueFrom", {{"secretKeyRef", optional}}}}}), lookup_);
  ASSERT_TRUE(skipped.ok());
  EXPECT_TRUE(skipped->empty());
}

TEST_F(EnvironmentTest, refuses_unknown_fields_by_name) {
  const auto env = resolve_environment(
      container({{{"name", "X"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "spec.colour"}}}}}}}), lookup_);
  ASSERT_FALSE(env.ok());
  EXPECT_NE(env.error().message.find("spec.colour"), std::string::npos);
}

}  // namespace
}  // namespace troupe::local
