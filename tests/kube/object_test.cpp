#include "kube/object.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/decode.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

Object object(const char* text) { return Object(Json::parse(text)); }

TEST(Object, reads_what_every_object_has) {
  const Object pod =
      object(R"({"kind":"Pod","metadata":{"name":"a-0","namespace":"shop","uid":"u","resourceVersion":"7",
      "generation":3,"deletionTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"a"},"annotations":{"x/y":"z"},
      "ownerReferences":[{"uid":"other"},{"uid":"owner","controller":true}]}})");
  EXPECT_EQ(pod.kind(), "Pod");
  EXPECT_EQ(pod.key(), "shop/a-0");
  EXPECT_EQ(pod.uid(), "u");
  EXPECT_EQ(pod.resource_version(), "7");
  EXPECT_EQ(pod.generation(), 3);
  EXPECT_TRUE(pod.being_deleted());
  EXPECT_EQ(pod.label("app"), "a");
  EXPECT_EQ(pod.label("none"), "");
  EXPECT_EQ(pod.annotation("x/y"), "z");
  EXPECT_EQ(pod.controller_uid(), "owner");
}

TEST(Object, is_empty_where_a_server_sent_nonsense) {
  for (const char* text : {"{}", "[]", "7", R"({"metadata":null})", R"({"metadata":[1]})",
                           R"({"kind":1,"metadata":{"name":5,"labels":"x","generation":"y","ownerReferences":{}}})",
                           R"({"metadata":{"ownerReferences":[1,{"controller":"yes","uid":"u"}]}})"}) {
    const Object odd = object(text);
    EXPECT_EQ(odd.name(), "") << text;
    EXPECT_EQ(odd.kind(), "") << text;
    EXPECT_EQ(odd.key(), "") << text;
    EXPECT_EQ(odd.label("a"), "") << text;
    EXPECT_EQ(odd.generation(), 0) << text;
    EXPECT_EQ(odd.controller_uid(), "") << text;
    EXPECT_FALSE(odd.being_deleted()) << text;
  }
}

TEST(Decode, builds_what_the_library_builds) {
  for (const char* text :
       {"null", "true", "-3", "18446744073709551615", "1.5", R"("a\u00e9\n")", "[]", "{}",
        R"([1,[2,[3]],{"a":[{"b":null}]}])", R"({"a":{"b":{"c":[1,2,{"d":"e"}]}},"f":false})", R"({"a":1,"a":2})"}) {
    const auto decoded = decode_json(text);
    ASSERT_TRUE(decoded.ok()) << text;
    EXPECT_EQ(*decoded, Json::parse(text)) << text;
  }
}

TEST(Decode, drops_managed_fields_of_metadata_and_nothing_else) {
  const auto decoded = decode_json(R"({"items":[{"metadata":{"managedFields":[{"a":[1,{"b":2}]}],"name":"x"},
      "data":{"managedFields":"kept"}},{"metadata":{"managedFields":"scalar","uid":"u"}}],"managedFields":[1]})");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, Json::parse(R"({"items":[{"metadata":{"name":"x"},"data":{"managedFields":"kept"}},
      {"metadata":{"uid":"u"}}],"managedFields":[1]})"));
}

TEST(Decode, says_where_text_stops_being_json) {
  const auto decoded = decode_json(R"({"a": 1, oops})");
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(decoded.error().message, "not JSON from byte 10 on");
  EXPECT_FALSE(decode_json("").ok());
  EXPECT_FALSE(decode_json("{}x").ok());
}

TEST(Decode, bounds_nesting_also_inside_what_it_drops) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(decode_json(nested(json_depth_max)).ok());
  EXPECT_EQ(decode_json(nested(json_depth_max + 1)).error().code, ErrorCode::limit_exceeded);
  const auto dropped = decode_json(R"({"metadata":{"managedFields":)" + nested(json_depth_max) + "}}");
  EXPECT_EQ(dropped.error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace troupe::kube
