#include "worker/node/worker_config.hpp"

#include <gtest/gtest.h>

#include <map>

namespace troupe::node {
namespace {

EnvironmentReader reading(const std::map<std::string, std::string>& variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

const std::map<std::string, std::string> whole = {{"TROUPE_CLUSTER", "counter"},       {"TROUPE_POD_NAME", "counter-0"},
                                                  {"TROUPE_POD_NAMESPACE", "default"}, {"TROUPE_POD_IP", "10.0.0.7"},
                                                  {"TROUPE_POD_UID", "u-1"},           {"TROUPE_COOKIE", "secret"}};

TEST(WorkerConfig, reads_what_the_operator_wrote) {
  auto variables = whole;
  variables["TROUPE_VISIBILITY"] = "Published";
  variables["TROUPE_DRAIN_TIMEOUT_SECONDS"] = "7";
  const auto config = read_worker_config(reading(variables));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->node_name(), "counter@10.0.0.7");
  EXPECT_TRUE(config->published);
  EXPECT_EQ(config->drain_timeout, std::chrono::seconds(7));
  EXPECT_EQ(config->tls_folder, "") << "links run in the clear unless certificates are named";
}

TEST(WorkerConfig, knows_where_the_certificates_lie_and_for_which_domain_they_stand) {
  auto variables = whole;
  variables["TROUPE_TLS_FOLDER"] = "/etc/troupe/tls";
  variables["TROUPE_TLS_DOMAIN"] = "counter.shop.svc";
  const auto config = read_worker_config(reading(variables));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->tls_folder, "/etc/troupe/tls");
  EXPECT_EQ(config->tls_domain, "counter.shop.svc");
}

TEST(WorkerConfig, names_everything_that_is_missing_at_once) {
  const auto config = read_worker_config(reading({{"TROUPE_CLUSTER", "counter"}}));
  ASSERT_FALSE(config.ok());
  for (const char* name : {"TROUPE_POD_NAME", "TROUPE_POD_IP", "TROUPE_COOKIE"}) {
    EXPECT_NE(config.error().message.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(config.error().message.find("TROUPE_CLUSTER"), std::string::npos);
}

TEST(WorkerConfig, refuses_values_that_mean_nothing) {
  auto variables = whole;
  variables["TROUPE_DRAIN_TIMEOUT_SECONDS"] = "soon";
  EXPECT_NE(read_worker_config(reading(variables)).error().message.find("soon"), std::string::npos);
  variables["TROUPE_DRAIN_TIMEOUT_SECONDS"] = "1";
  variables["TROUPE_VISIBILITY"] = "Invisible";
  EXPECT_NE(read_worker_config(reading(variables)).error().message.find("Invisible"), std::string::npos);
}

}  // namespace
}  // namespace troupe::node
