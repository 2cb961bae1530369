#include "local/api/schema.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "local/api/built_in_crds.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json object_of(json properties) { return {{"type", "object"}, {"properties", std::move(properties)}}; }

std::vector<std::string> fields(const std::vector<StatusCause>& causes) {
  std::vector<std::string> names;
  for (const StatusCause& cause : causes) {
    names.push_back(cause.field + " " + cause.reason);
  }
  return names;
}

TEST(Schema, prunes_what_it_does_not_know_and_names_it) {
  const json item = object_of({{"name", {{"type", "string"}}}});
  const json schema = object_of({{"spec", object_of({{"list", {{"type", "array"}, {"items", item}}}})}});
  json object{
      {"kind", "X"}, {"metadata", {{"name", "a"}}}, {"spec", {{"list", {{{"name", "b"}, {"odd", 1}}}}}}, {"extra", 1}};
  std::vector<std::string> unknown;
  prune_unknown_fields(object, schema, unknown);
  EXPECT_EQ(unknown, (std::vector<std::string>{"extra", "spec.list[0].odd"}));
  EXPECT_EQ(object["spec"]["list"][0], (json{{"name", "b"}}));
  EXPECT_EQ(object["metadata"]["name"], "a");
}

TEST(Schema, keeps_unknown_fields_where_it_says_so) {
  json open = object_of(json::object());
  open["x-kubernetes-preserve-unknown-fields"] = true;
  json object{{"template", {{"anything", {1, 2}}}}};
  std::vector<std::string> unknown;
  prune_unknown_fields(object, object_of({{"template", open}}), unknown);
  EXPECT_TRUE(unknown.empty());
  EXPECT_EQ(object["template"]["anything"].size(), 2U);
}

TEST(Schema, fills_defaults_inside_what_is_present_alone) {
  const json inner = object_of({{"count", {{"type", "integer"}, {"default", 3}}}});
  const json schema = object_of({{"a", inner}, {"b", inner}, {"c", {{"type", "string"}, {"default", "x"}}}});
  json object{{"a", json::object()}, {"c", nullptr}};
  apply_defaults(object, schema);
  EXPECT_EQ(object, (json{{"a", {{"count", 3}}}, {"c", "x"}}));
}

TEST(Schema, names_every_fault_with_its_field) {
  const json schema = object_of({{"count", {{"type", "integer"}, {"minimum", 0}, {"maximum", 5}}},
                                 {"mode", {{"type", "string"}, {"enum", {"A", "B"}}}},
                                 {"name", {{"type", "string"}, {"pattern", "^[a-z]+$"}, {"maxLength", 3}}},
                                 {"list", {{"type", "array"}, {"maxItems", 1}, {"items", {{"type", "integer"}}}}}});
  EXPECT_EQ(fields(validate_against({{"count", 9}, {"mode", "C"}, {"name", "A"}, {"list", {1, 2}}}, schema)),
            (std::vector<std::string>{"count FieldValueInvalid", "list FieldValueTooMany",
                                      "mode FieldValueNotSupported", "name FieldValueInvalid"}));
  EXPECT_EQ(fields(validate_against({{"count", "9"}, {"name", "abcd"}}, schema)),
            (std::vector<std::string>{"count FieldValueTypeInvalid", "name FieldValueTooLong"}));
  EXPECT_TRUE(validate_against({{"count", 5}, {"mode", "A"}, {"name", "abc"}, {"list", {1}}}, schema).empty());
}

TEST(Schema, required_fields_are_named_with_their_path) {
  json inner = object_of({{"image", {{"type", "string"}}}});
  inner["required"] = {"image"};
  EXPECT_EQ(fields(validate_against({{"spec", json::object()}}, object_of({{"spec", inner}}))),
            (std::vector<std::string>{"spec.image FieldValueRequired"}));
}

TEST(Schema, int_or_string_takes_both_and_nothing_else) {
  const json schema = object_of(
      {{"v", {{"x-kubernetes-int-or-string", true}, {"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}}}}});
  EXPECT_TRUE(validate_against({{"v", 1}}, schema).empty());
  EXPECT_TRUE(validate_against({{"v", "1"}}, schema).empty());
  EXPECT_FALSE(validate_against({{"v", true}}, schema).empty());
}

TEST(Schema, a_map_list_has_each_key_once) {
  json list{{"type", "array"}, {"x-kubernetes-list-type", "map"}, {"x-kubernetes-list-map-keys", {"name"}}};
  list["items"] = object_of({{"name", {{"type", "string"}}}});
  EXPECT_EQ(fields(validate_against({{"l", {{{"name", "a"}}, {{"name", "a"}}}}}, object_of({{"l", list}}))),
            (std::vector<std::string>{"l[1] FieldValueDuplicate"}));
}

TEST(Schema, of_both_built_in_definitions_can_be_read) {
  for (Storage storage : {Storage::troupe_clusters, Storage::troupe_applications}) {
    const json* schema = custom_schema(entry_of(storage));
    ASSERT_NE(schema, nullptr);
    EXPECT_TRUE((*schema)["properties"].contains("spec"));
    EXPECT_TRUE(has_cel_rules(*schema));
  }
}

}  // namespace
}  // namespace troupe::local
