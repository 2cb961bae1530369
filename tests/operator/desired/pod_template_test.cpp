#include "operator/desired/pod_template.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::desired {
namespace {

using nlohmann::json;

json merged(const char* pod, const char* pod_template) {
  json result = json::parse(pod);
  merge_pod_template(result, json::parse(pod_template));
  return result;
}

TEST(PodTemplateMerge, maps_are_merged_and_scalars_replaced) {
  EXPECT_EQ(merged(R"({"metadata": {"labels": {"a": "1"}}, "spec": {"x": 1, "y": {"z": 2}}})",
                   R"({"metadata": {"labels": {"b": "2"}}, "spec": {"x": 3, "y": {"w": 4}}})"),
            json::parse(R"({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"x": 3, "y": {"z": 2, "w": 4}}})"));
}

TEST(PodTemplateMerge, null_removes_nothing) {
  EXPECT_EQ(
      merged(R"({"metadata": {}, "spec": {"serviceAccountName": "w"}})", R"({"spec": {"serviceAccountName": null}})"),
      json::parse(R"({"metadata": {}, "spec": {"serviceAccountName": "w"}})"));
}

TEST(PodTemplateMerge, containers_and_their_lists_are_merged_by_key) {
  const json pod = merged(
      R"({"metadata": {}, "spec": {"containers": [
           {"name": "worker", "image": "w", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 1}]}]}})",
      R"({"spec": {"containers": [
           {"name": "proxy", "image": "p"},
           {"name": "worker", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}],
            "volumeMounts": [{"mountPath": "/x", "name": "v"}], "ports": [{"containerPort": 2}]}]}})");
  EXPECT_EQ(pod["spec"]["containers"], json::parse(R"([
      {"name": "worker", "image": "w", "env": [{"name": "A", "value": "3"}, {"name": "B", "value": "2"}],
       "ports": [{"containerPort": 1}, {"containerPort": 2}], "volumeMounts": [{"mountPath": "/x", "name": "v"}]},
      {"name": "proxy", "image": "p"}])"));
}

TEST(PodTemplateMerge, tolerations_are_added_and_other_lists_replaced) {
  const json pod = merged(R"({"metadata": {}, "spec": {"tolerations": [{"key": "a"}], "dns": [1, 2]}})",
                          R"({"spec": {"tolerations": [{"key": "b"}], "dns": [3]}})");
  EXPECT_EQ(pod["spec"]["tolerations"].size(), 2U);
  EXPECT_EQ(pod["spec"]["dns"], json::parse("[3]"));
}

}  // namespace
}  // namespace troupe::desired
