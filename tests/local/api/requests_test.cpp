#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "local/api/json_body.hpp"
#include "local/api/json_path.hpp"
#include "local/api/patch.hpp"
#include "local/api/representation.hpp"
#include "local/api/request.hpp"
#include "local/api/table_view.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

ApiResult<ResourcePath> resolve(std::string_view text) {
  const auto target = parse_request_target(text);
  return target ? parse_resource_path(*target) : ApiResult<ResourcePath>(bad_request("no target"));
}

TEST(RequestTarget, is_decoded_into_segments_and_query) {
  const auto target = parse_request_target("/api/v1//pods?labelSelector=a%3Db&command=x&command=y+z");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/api/v1/pods");
  EXPECT_EQ(target->query.get("labelSelector"), "a=b");
  EXPECT_EQ(target->query.values.count("command"), 2U);
  EXPECT_FALSE(parse_request_target("/a%2"));
  EXPECT_FALSE(parse_request_target("api"));
}

TEST(ResourcePath, names_resource_namespace_name_and_subresource) {
  const auto path = resolve("/apis/troupe.dev/v1alpha1/namespaces/team/troupeclusters/c/scale");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->resource->kind, "TroupeCluster");
  EXPECT_EQ(path->namespace_name, "team");
  EXPECT_EQ(path->name, "c");
  EXPECT_EQ(path->subresource, "scale");
}

TEST(ResourcePath, a_namespace_is_an_object_of_its_own) {
  EXPECT_EQ(resolve("/api/v1/namespaces/team")->name, "team");
  EXPECT_EQ(resolve("/api/v1/namespaces/team/status")->subresource, "status");
  EXPECT_EQ(resolve("/api/v1/namespaces/team/pods")->namespace_name, "team");
}

TEST(ResourcePath, what_is_not_served_is_not_found) {
  for (const char* text : {"/api/v1/namespaces/d/nonsense", "/apis/apps/v1/namespaces/d/deployments", "/apis/x/v1/y",
                           "/api/v1/namespaces/d/nodes", "/api/v1/namespaces/d/pods/p/nonsense", "/api/v1/pods/p"}) {
    ASSERT_FALSE(resolve(text).ok()) << text;
    EXPECT_EQ(resolve(text).error().code, 404) << text;
  }
}

TEST(JsonBody, nests_only_so_deep) {
  EXPECT_TRUE(parse_json_body(R"({"a":"]]]]{{{"})").ok());
  EXPECT_FALSE(parse_json_body(std::string(100'000, '[')).ok());
  EXPECT_FALSE(parse_json_body("{\"a\":").ok());
}

TEST(Patch, failures_of_a_json_patch_are_unprocessable_and_its_shape_bad) {
  const json object{{"a", 1}};
  EXPECT_EQ(apply_json_patch(object, {{{"op", "test"}, {"path", "/a"}, {"value", 2}}}).error().code, 422);
  EXPECT_EQ(apply_json_patch(object, {{{"op", "remove"}, {"path", "/b"}}}).error().code, 422);
  EXPECT_EQ(apply_json_patch(object, json::object()).error().code, 400);
  EXPECT_EQ(*apply_json_patch(object, {{{"op", "add"}, {"path", "/b"}, {"value", 2}}}), (json{{"a", 1}, {"b", 2}}));
}

TEST(Patch, copies_cannot_make_a_document_explode) {
  json patch = json::array();
  for (int i = 0; i < 60; ++i) {
    patch.push_back({{"op", "copy"}, {"from", ""}, {"path", "/x" + std::to_string(i)}});
  }
  EXPECT_EQ(apply_json_patch({{"a", std::string(100, 'x')}}, patch).error().code, 422);
}

TEST(StrategicMerge, merges_maps_and_lists_by_their_keys) {
  const json pod{{"metadata", {{"labels", {{"a", "1"}}}, {"finalizers", {"x/y"}}}},
                 {"spec", {{"containers", {{{"name", "a"}, {"image", "i:1"}, {"tty", true}}, {{"name", "b"}}}}}}};
  const json patch{{"metadata", {{"labels", {{"a", nullptr}, {"b", "2"}}}, {"finalizers", {"x/z"}}}},
                   {"spec", {{"containers", {{{"name", "c"}}, {{"name", "a"}, {"image", "i:2"}, {"tty", nullptr}}}}}}};
  const auto merged = apply_strategic_merge_patch(pod, patch);
  ASSERT_TRUE(merged.ok()) << merged.error().message;
  EXPECT_EQ(*merged,
            (json{{"metadata", {{"labels", {{"b", "2"}}}, {"finalizers", {"x/y", "x/z"}}}},
                  {"spec", {{"containers", {{{"name", "a"}, {"image", "i:2"}}, {{"name", "b"}}, {{"name", "c"}}}}}}}));
}

TEST(StrategicMerge, obeys_order_and_deletion_of_items) {
  const json service{{"spec", {{"ports", {{{"port", 1}}, {{"port", 2}}, {{"port", 3}}}}}}};
  const json patch{
      {"spec",
       {{"$setElementOrder/ports", {{{"port", 3}}, {{"port", 2}}}}, {"ports", {{{"port", 1}, {"$patch", "delete"}}}}}}};
  EXPECT_EQ((*apply_strategic_merge_patch(service, patch))["spec"]["ports"], (json{{{"port", 3}}, {{"port", 2}}}));
}

TEST(StrategicMerge, what_it_does_not_know_is_refused_by_name) {
  for (const json& patch :
       {json{{"spec", {{"things", {{{"x", 1}}}}}}}, json{{"metadata", {{"$patch", "replace"}}}},
        json{{"spec", {{"$retainKeys", {"a"}}}}}, json{{"spec", {{"containers", {{{"image", "x"}}}}}}}}) {
    const auto refused = apply_strategic_merge_patch(json::object(), patch);
    ASSERT_FALSE(refused.ok()) << patch;
    EXPECT_EQ(refused.error().code, 415);
    EXPECT_NE(refused.error().message.find("strategic merge"), std::string::npos);
  }
}

TEST(Representation, the_first_form_that_is_served_wins) {
  EXPECT_EQ(negotiate("")->form, Representation::Form::whole);
  EXPECT_EQ(
      negotiate("application/json;as=Table;v=v9;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io")->form,
      Representation::Form::table);
  EXPECT_EQ(negotiate("application/vnd.kubernetes.protobuf,application/json")->form, Representation::Form::whole);
  EXPECT_EQ(negotiate("text/csv").error().code, 406);
}

TEST(JsonPath, selects_what_printer_columns_name) {
  const json document{
      {"status", {{"conditions", {{{"type", "A"}, {"reason", "x"}}, {{"type", "Ready"}, {"reason", "y"}}}}}},
      {"metadata", {{"labels", {{"a.b/c", "d"}}}}}};
  EXPECT_EQ(select_json_path(document, ".status.conditions[?(@.type==\"Ready\")].reason"), (std::vector<json>{"y"}));
  EXPECT_EQ(select_json_path(document, "{.status.conditions[*].type}"), (std::vector<json>{"A", "Ready"}));
  EXPECT_EQ(select_json_path(document, ".metadata.labels['a.b/c']"), (std::vector<json>{"d"}));
  EXPECT_TRUE(select_json_path(document, ".status.absent[0").empty());
}

TEST(Table, ages_are_told_as_kubectl_tells_them) {
  for (auto [seconds, text] : {std::pair{5, "5s"},
                               {119, "119s"},
                               {125, "2m5s"},
                               {600, "10m"},
                               {3 * 3600, "3h"},
                               {3 * 3600 + 60, "3h1m"},
                               {49 * 3600, "2d1h"},
                               {-3, "0s"}}) {
    EXPECT_EQ(human_duration(std::chrono::seconds(seconds)), text);
  }
}

TEST(Table, a_row_of_nonsense_still_names_its_object) {
  const json event{{"metadata", {{"name", "e"}}}, {"involvedObject", 7}, {"message", json::array()}};
  const json budget{{"metadata", {{"name", "b"}}}, {"spec", "x"}};
  const json odd_pod{
      {"metadata", {{"name", "p"}}}, {"spec", {{"containers", 3}}}, {"status", {{"containerStatuses", {1, "x"}}}}};
  for (auto [storage, object] :
       {std::pair{Storage::events, event}, {Storage::pod_disruption_budgets, budget}, {Storage::pods, odd_pod}}) {
    const json row = table_row(object, entry_of(storage), WallTime{}, IncludeObject::none, "v1");
    EXPECT_EQ(row["cells"].size(), table_columns(entry_of(storage)).size());
    EXPECT_EQ(row["cells"][storage == Storage::events ? 9 : 0], object["metadata"]["name"]);
  }
}

TEST(Table, a_pod_is_summed_up_in_its_cells) {
  const json pod{
      {"metadata", {{"name", "p"}}},
      {"spec", {{"containers", {{{"name", "a"}}, {{"name", "b"}}}}, {"nodeName", "n"}}},
      {"status",
       {{"phase", "Running"},
        {"podIP", "127.77.0.1"},
        {"containerStatuses",
         {{{"ready", true}, {"restartCount", 2}, {"state", {{"running", json::object()}}}},
          {{"ready", false}, {"restartCount", 1}, {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}}}}}}};
  const json row = table_row(pod, entry_of(Storage::pods), WallTime{}, IncludeObject::none, "v1");
  EXPECT_EQ(row["cells"],
            (json{"p", "1/2", "CrashLoopBackOff", "3", "<unknown>", "127.77.0.1", "n", "<none>", "<none>"}));
}

}  // namespace
}  // namespace troupe::local
