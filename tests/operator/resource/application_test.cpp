#include "operator/resource/application.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::resource {
namespace {

using nlohmann::json;

json counter() {
  return json::parse(R"({
    "metadata": {"name": "counter", "namespace": "shop", "uid": "a1", "generation": 2},
    "spec": {
      "clusterRef": {"name": "counter"},
      "module": {"name": "counter", "version": "1.0.0", "source": {"type": "Path", "path": "/opt/troupe/counter.so"}},
      "supervisor": {"children": [
        {"name": "counter", "type": "Process", "process": {"class": "shop::Counter", "args": {"initial": 0}}},
        {"name": "report", "type": "Command", "command": {"argv": ["python3", "/app/report.py"]},
         "restart": "Transient"}]}}})");
}

TEST(Application, is_read_with_its_children_in_order) {
  const auto parsed = parse_application(counter());
  ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
  EXPECT_EQ(parsed->cluster, "counter");
  EXPECT_EQ(parsed->version(), "1.0.0");
  EXPECT_EQ(parsed->module->path, "/opt/troupe/counter.so");
  ASSERT_EQ(parsed->children.size(), 2U);
  EXPECT_EQ(parsed->children[0].name, "counter");
  EXPECT_EQ(parsed->children[1].type, ChildType::command);
}

TEST(Application, needs_no_module_when_it_only_runs_commands) {
  json document = counter();
  document["spec"].erase("module");
  document["spec"]["supervisor"]["children"].erase(0);
  const auto parsed = parse_application(document);
  ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
  EXPECT_EQ(parsed->version(), "");
}

TEST(Application, names_its_cluster_even_when_the_rest_is_broken) {
  EXPECT_EQ(cluster_of_application(json::parse(R"({"spec": {"clusterRef": {"name": "c"}}})")), "c");
  for (const char* text : {"null", "[]", R"({"spec": []})", R"({"spec": {"clusterRef": "c"}})", R"({"spec": {}})"}) {
    EXPECT_EQ(cluster_of_application(json::parse(text)), "") << text;
  }
}

struct ApplicationRefusal {
  const char* patch;  ///< JSON patch, as lists cannot be merged into.
  const char* field;
};

class ApplicationRefuses : public testing::TestWithParam<ApplicationRefusal> {};

TEST_P(ApplicationRefuses, and_names_the_field) {
  const json document = counter().patch(json::array({json::parse(GetParam().patch)}));
  const auto parsed = parse_application(document);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().front().field, GetParam().field) << to_string(parsed.error());
}

#define CHILD "/spec/supervisor/children/0"
INSTANTIATE_TEST_SUITE_P(
    Rules, ApplicationRefuses,
    testing::Values(
        ApplicationRefusal{R"({"op": "remove", "path": "/spec"})", "spec.clusterRef"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/clusterRef", "value": {}})", "spec.clusterRef.name"},
        ApplicationRefusal{R"({"op": "remove", "path": "/spec/module"})", "spec.module"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/module/name", "value": "Counter"})", "spec.module.name"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/module/version", "value": "-1"})",
                           "spec.module.version"},
        ApplicationRefusal{R"({"op": "add", "path": "/spec/module/sha256", "value": "AB"})", "spec.module.sha256"},
        ApplicationRefusal{R"({"op": "remove", "path": "/spec/module/source"})", "spec.module.source"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/module/source/type", "value": "Git"})",
                           "spec.module.source.type"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/module/source/path", "value": "a.so"})",
                           "spec.module.source.path"},
        ApplicationRefusal{R"({"op": "remove", "path": "/spec/supervisor"})", "spec.supervisor"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/supervisor/children", "value": []})",
                           "spec.supervisor.children"},
        ApplicationRefusal{R"({"op": "add", "path": "/spec/supervisor/strategy", "value": "OneForTwo"})",
                           "spec.supervisor.strategy"},
        ApplicationRefusal{R"({"op": "add", "path": "/spec/supervisor/intensity", "value": {"maxRestarts": -1}})",
                           "spec.supervisor.intensity.maxRestarts"},
        ApplicationRefusal{R"({"op": "add", "path": "/spec/supervisor/intensity", "value": {"periodSeconds": 0}})",
                           "spec.supervisor.intensity.periodSeconds"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(", "value": 3})", "spec.supervisor.children[]"},
        ApplicationRefusal{R"({"op": "remove", "path": ")" CHILD R"(/name"})", "spec.supervisor.children[].name"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(/name", "value": "Counter"})",
                           "spec.supervisor.children[Counter].name"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(/name", "value": "report"})",
                           "spec.supervisor.children[report].name"},
        ApplicationRefusal{R"({"op": "remove", "path": ")" CHILD R"(/process"})",
                           "spec.supervisor.children[counter].process"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(/type", "value": "Command"})",
                           "spec.supervisor.children[counter].process"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(/process/class", "value": "a b"})",
                           "spec.supervisor.children[counter].process.class"},
        ApplicationRefusal{R"({"op": "replace", "path": ")" CHILD R"(/process/class", "value": "a::"})",
                           "spec.supervisor.children[counter].process.class"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/supervisor/children/1/command/argv", "value": []})",
                           "spec.supervisor.children[report].command.argv"},
        ApplicationRefusal{R"({"op": "replace", "path": "/spec/supervisor/children/1/command/argv", "value": [""]})",
                           "spec.supervisor.children[report].command.argv"},
        ApplicationRefusal{R"({"op": "add", "path": ")" CHILD R"(/restart", "value": "Always"})",
                           "spec.supervisor.children[counter].restart"},
        ApplicationRefusal{R"({"op": "add", "path": ")" CHILD R"(/shutdownTimeoutSeconds", "value": 3601})",
                           "spec.supervisor.children[counter].shutdownTimeoutSeconds"},
        ApplicationRefusal{R"({"op": "add", "path": ")" CHILD R"(/placement", "value": {"type": "Count"}})",
                           "spec.supervisor.children[counter].placement.count"},
        ApplicationRefusal{R"({"op": "add", "path": ")" CHILD R"(/placement", "value": {"count": 2}})",
                           "spec.supervisor.children[counter].placement.count"},
        ApplicationRefusal{R"({"op": "add", "path": ")" CHILD R"(/isolation", "value": "Container"})",
                           "spec.supervisor.children[counter].isolation"}));
#undef CHILD

}  // namespace
}  // namespace troupe::resource
