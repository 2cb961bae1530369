#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/control/application_status.hpp"
#include "tests/operator/control/harness.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json application_document() {
  return json::parse(R"({
    "apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeApplication",
    "metadata": {"name": "carts", "namespace": "shop"},
    "spec": {"clusterRef": {"name": "counter"},
             "module": {"name": "carts", "version": "1.0.0", "source": {"type": "Path", "path": "/opt/carts.so"}},
             "supervisor": {"children": [{"name": "cart", "type": "Process", "process": {"class": "Cart"}}]}}})");
}

class Application : public testing::Test {
 protected:
  json condition(const std::string& type) {
    const json conditions = status().value("conditions", json());
    const json* found = resource::find_condition(conditions, type);
    return found == nullptr ? json::object() : *found;
  }
  json status() const {
    const kube::Object application = harness.client->find(kube::troupe_applications, "shop/carts").value();
    return status_of(application);
  }
  json versions() const { return status().value("versions", json()); }
  void report(const std::string& pod, const json& reports) {
    harness.client->edit(kube::pods, "shop/" + pod, [&](json& document) {
      document["status"]["conditions"].push_back(
          {{"type", "troupe.dev/Applications"}, {"status", "True"}, {"message", reports.dump()}});
    });
  }

  Harness harness;
};

TEST_F(Application, waits_for_its_cluster_and_then_for_the_workers) {
  harness.client->put(kube::troupe_applications, application_document());
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(condition("Accepted")["status"], "False");
  EXPECT_EQ(condition("Accepted")["reason"], "ClusterNotFound");

  harness.client->put(kube::troupe_clusters, Harness::cluster_document(2));
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(condition("Accepted")["status"], "True");
  EXPECT_EQ(condition("Ready")["reason"], "Starting");
  EXPECT_EQ(condition("Progressing")["status"], "True");

  report("counter-0", json::parse(R"([{"name": "carts", "version": "1.0.0", "ready": true}])"));
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(versions(), json::parse(R"([{"version": "1.0.0", "members": 1}])"));
  EXPECT_EQ(condition("Ready")["status"], "False");

  report("counter-1", json::parse(R"([{"name": "other"}, {"name": "carts", "version": "1.0.0", "ready": true}])"));
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(versions(), json::parse(R"([{"version": "1.0.0", "members": 2}])"));
  EXPECT_EQ(condition("Ready")["status"], "True");
  EXPECT_EQ(condition("Progressing")["reason"], "Complete");
}

TEST_F(Application, names_the_worker_that_cannot_run_it_and_why) {
  harness.client->put(kube::troupe_clusters, Harness::cluster_document(1));
  harness.client->put(kube::troupe_applications, application_document());
  ASSERT_TRUE(harness.settle());
  report("counter-0", json::parse(R"([{"name": "carts", "version": "", "ready": false, "reason": "ModuleNotFound",
                                      "message": "/opt/carts.so: no such file"}])"));
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(condition("Ready")["reason"], "ModuleNotFound");
  EXPECT_THAT(condition("Ready")["message"].get<std::string>(), HasSubstr("counter-0: ModuleNotFound: /opt/carts.so"));
  EXPECT_EQ(condition("Progressing")["status"], "False");
  EXPECT_THAT(harness.events, testing::Contains(HasSubstr("ModuleNotFound")));
}

TEST_F(Application, an_invalid_one_is_not_accepted_and_says_why) {
  json document = application_document();
  document["spec"].erase("module");
  harness.client->put(kube::troupe_applications, document);
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(condition("Accepted")["reason"], "InvalidSpec");
  EXPECT_THAT(condition("Accepted")["message"].get<std::string>(), HasSubstr("spec.module"));
}

TEST_F(Application, writes_only_when_something_changed) {
  harness.client->put(kube::troupe_clusters, Harness::cluster_document(1));
  harness.client->put(kube::troupe_applications, application_document());
  ASSERT_TRUE(harness.settle());
  const std::size_t before = harness.client->requests.size();
  harness.applications.queue().add("shop/carts");
  harness.clusters.queue().add("shop/counter");
  ASSERT_TRUE(harness.settle());
  EXPECT_EQ(harness.client->requests.size(), before);
}

TEST(ApplicationReports, malformed_ones_are_left_out) {
  const auto count = [](const std::string& message) {
    return read_application_reports(
               {{"status",
                 {{"conditions", json::array({{{"type", "troupe.dev/Applications"}, {"message", message}}})}}}})
        .size();
  };
  EXPECT_EQ(count("[{\"name\": \"a\"}]"), 1U);
  for (const char* text : {"", "{", "3", "[1, null, [], {}]", "[{\"name\": 3}]", "{\"name\": \"a\"}"}) {
    EXPECT_EQ(count(text), 0U) << text;
  }
  EXPECT_EQ(count("[{\"name\": \"a\", \"message\": \"" + std::string(10'000, 'x') + "\"}]"), 0U);
  EXPECT_TRUE(read_application_reports(json()).empty());
}

}  // namespace
}  // namespace troupe::control
