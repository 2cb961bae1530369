#include "worker/node/application_spec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::node {
namespace {

using nlohmann::json;

json counter() {
  return {
      {"metadata", {{"name", "counter"}, {"uid", "u"}}},
      {"spec",
       {{"clusterRef", {{"name", "c"}}},
        {"module",
         {{"name", "counter"},
          {"version", "1.0.0"},
          {"source", {{"type", "Path"}, {"path", "/opt/troupe/counter.so"}}}}},
        {"supervisor",
         {{"strategy", "RestForOne"},
          {"intensity", {{"maxRestarts", 3}, {"periodSeconds", 7}}},
          {"children",
           {{{"name", "counter"}, {"type", "Process"}, {"process", {{"class", "Counter"}, {"args", {{"initial", 4}}}}}},
            {{"name", "report"},
             {"type", "Command"},
             {"command", {{"argv", {"true"}}}},
             {"restart", "Transient"}}}}}}}}};
}

std::string complaint(const json& application) {
  const auto parsed = parse_application(kube::Object(application));
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(ApplicationSpec, reads_children_of_both_types) {
  const auto spec = parse_application(kube::Object(counter()));
  ASSERT_TRUE(spec.ok()) << spec.error().message;
  EXPECT_EQ(spec->strategy, Strategy::rest_for_one);
  EXPECT_EQ(spec->intensity.restarts_max, 3U);
  EXPECT_EQ(spec->intensity.window, std::chrono::seconds(7));
  ASSERT_EQ(spec->children.size(), 2U);
  EXPECT_EQ(spec->children[0].process_class, "Counter");
  EXPECT_EQ(spec->children[0].arguments.text(), "#{<<\"initial\">> => 4}");
  EXPECT_EQ(spec->children[1].argv, std::vector<std::string>{"true"});
  EXPECT_EQ(spec->children[1].restart, Restart::transient);
}

TEST(ApplicationSpec, names_the_field_that_is_wrong) {
  json no_module = counter();
  no_module["spec"].erase("module");
  EXPECT_NE(complaint(no_module).find("spec.module"), std::string::npos);
  json bad_restart = counter();
  bad_restart["spec"]["supervisor"]["children"][0]["restart"] = "Sometimes";
  EXPECT_NE(complaint(bad_restart).find("children[counter].restart"), std::string::npos);
  json singleton = counter();
  singleton["spec"]["supervisor"]["children"][0]["placement"] = {{"type", "Singleton"}};
  EXPECT_NE(complaint(singleton).find("placement.type"), std::string::npos);
  json bad_source = counter();
  bad_source["spec"]["module"]["source"]["type"] = "Oci";
  EXPECT_NE(complaint(bad_source).find("source.type"), std::string::npos);
  EXPECT_NE(complaint(json{{"metadata", {{"name", "x"}}}, {"spec", "text"}}), "");
}

TEST(ApplicationSpec, has_another_fingerprint_after_any_edit) {
  json edited = counter();
  edited["spec"]["supervisor"]["children"][0]["process"]["args"]["initial"] = 5;
  json recreated = counter();
  recreated["metadata"]["uid"] = "v";
  const std::string first = parse_application(kube::Object(counter()))->fingerprint;
  EXPECT_NE(parse_application(kube::Object(edited))->fingerprint, first);
  EXPECT_NE(parse_application(kube::Object(recreated))->fingerprint, first);
}

TEST(TermFromJson, maps_every_kind_of_value) {
  const Term term = term_from_json(json{{"a", {1, 2.5, true, nullptr, "x"}}, {"big", 18446744073709551615U}});
  EXPECT_EQ(term.text(), "#{<<\"a\">> => [1,2.5,true,undefined,<<\"x\">>],<<\"big\">> => 18446744073709551615}");
}

}  // namespace
}  // namespace troupe::node
