#include "operator/resource/pod_template.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::resource {
namespace {

using nlohmann::json;

FieldErrors errors_of(const char* text) {
  FieldErrors errors;
  validate_pod_template(json::parse(text), "spec.podTemplate", errors);
  return errors;
}

TEST(PodTemplate, what_users_need_is_allowed) {
  for (const char* text : {
           "{}",
           R"({"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}})",
           R"({"spec": {"hostNetwork": false, "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "x"}]}})",
           R"({"spec": {"containers": [{"name": "worker", "env": [{"name": "LANG", "value": "C"}]}]}})",
           R"({"spec": {"containers": [{"name": "proxy", "image": "p:1", "command": ["p"]}]}})",
           R"({"spec": {"containers": [{"name": "worker", "ports": [{"name": "web", "containerPort": 8080}]}]}})",
           R"({"spec": {"initContainers": [{"name": "fetch", "image": "f:1"}]}})",
           R"({"spec": {"volumes": [{"name": "v", "emptyDir": {}}], "imagePullSecrets": [{"name": "s"}]}})",
       }) {
    EXPECT_EQ(to_string(errors_of(text)), "") << text;
  }
}

struct PodTemplateRefusal {
  const char* text;
  const char* field;
};

class PodTemplateRefuses : public testing::TestWithParam<PodTemplateRefusal> {};

TEST_P(PodTemplateRefuses, and_names_the_field) {
  const FieldErrors errors = errors_of(GetParam().text);
  ASSERT_EQ(errors.size(), 1U) << to_string(errors);
  EXPECT_EQ(errors.front().field, GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, PodTemplateRefuses,
    testing::Values(
        PodTemplateRefusal{R"([])", "spec.podTemplate"},
        PodTemplateRefusal{R"({"kind": "Pod"})", "spec.podTemplate.kind"},
        PodTemplateRefusal{R"({"metadata": {"name": "x"}})", "spec.podTemplate.metadata.name"},
        PodTemplateRefusal{R"({"metadata": {"ownerReferences": []}})", "spec.podTemplate.metadata.ownerReferences"},
        PodTemplateRefusal{R"({"metadata": {"labels": {"troupe.dev/cluster": "x"}}})",
                           "spec.podTemplate.metadata.labels[troupe.dev/cluster]"},
        PodTemplateRefusal{R"({"metadata": {"labels": {"app.kubernetes.io/component": "x"}}})",
                           "spec.podTemplate.metadata.labels[app.kubernetes.io/component]"},
        PodTemplateRefusal{R"({"metadata": {"annotations": {"a": 3}}})", "spec.podTemplate.metadata.annotations[a]"},
        PodTemplateRefusal{R"({"spec": {"hostNetwork": true}})", "spec.podTemplate.spec.hostNetwork"},
        PodTemplateRefusal{R"({"spec": {"restartPolicy": "Never"}})", "spec.podTemplate.spec.restartPolicy"},
        PodTemplateRefusal{R"({"spec": {"serviceAccountName": "root"}})", "spec.podTemplate.spec.serviceAccountName"},
        PodTemplateRefusal{R"({"spec": {"terminationGracePeriodSeconds": 0}})",
                           "spec.podTemplate.spec.terminationGracePeriodSeconds"},
        PodTemplateRefusal{R"({"spec": {"nodeName": "n"}})", "spec.podTemplate.spec.nodeName"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"image": "x"}]}})", "spec.podTemplate.spec.containers[].name"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"name": "side"}]}})",
                           "spec.podTemplate.spec.containers[side].image"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"name": "worker", "image": "x"}]}})",
                           "spec.podTemplate.spec.containers[worker].image"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"name": "worker", "command": ["sh"]}]}})",
                           "spec.podTemplate.spec.containers[worker].command"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"name": "worker", "env": [{"name": "TROUPE_COOKIE"}]}]}})",
                           "spec.podTemplate.spec.containers[worker].env[].name"},
        PodTemplateRefusal{R"({"spec": {"containers": [{"name": "worker", "ports": [{"containerPort": 4369}]}]}})",
                           "spec.podTemplate.spec.containers[worker].ports[].containerPort"},
        PodTemplateRefusal{R"({"spec": {"initContainers": [{"name": "worker", "image": "x"}]}})",
                           "spec.podTemplate.spec.initContainers[worker].name"},
        PodTemplateRefusal{R"({"spec": {"volumes": [{"emptyDir": {}}]}})", "spec.podTemplate.spec.volumes[].name"}));

}  // namespace
}  // namespace troupe::resource
