#include "local/api/selectors.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

json labelled(json labels) { return {{"metadata", {{"name", "x"}, {"labels", std::move(labels)}}}}; }

bool label_match(std::string_view selector, const json& labels) {
  const auto parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed.ok()) << selector;
  return parsed.ok() && parsed->matches(labelled(labels));
}

TEST(LabelSelector, every_operator_selects) {
  const json front{{"tier", "front"}, {"n", "5"}};
  const json none = json::object();
  EXPECT_TRUE(label_match("tier=front", front));
  EXPECT_TRUE(label_match(" tier == front , n", front));
  EXPECT_FALSE(label_match("tier!=front", front));
  EXPECT_TRUE(label_match("tier!=front", none));
  EXPECT_TRUE(label_match("tier in (back, front)", front));
  EXPECT_FALSE(label_match("tier in (back)", front));
  EXPECT_TRUE(label_match("tier notin (front)", none));
  EXPECT_TRUE(label_match("!tier", none));
  EXPECT_TRUE(label_match("n>4", front));
  EXPECT_FALSE(label_match("n<5", front));
  EXPECT_TRUE(label_match("", none));
}

TEST(LabelSelector, what_cannot_be_parsed_is_refused) {
  for (const char* text : {"a in (", "=b", "a b", "a=b=c d", "a in b", "a,,b", "(a)"}) {
    EXPECT_FALSE(LabelSelector::parse(text).ok()) << text;
  }
}

TEST(LabelSelector, a_document_selects_too) {
  const json document{{"matchLabels", {{"app", "x"}}},
                      {"matchExpressions", {{{"key", "tier"}, {"operator", "In"}, {"values", {"a", "b"}}}}}};
  const auto selector = LabelSelector::from_document(document);
  ASSERT_TRUE(selector.ok());
  EXPECT_TRUE(selector->matches(labelled({{"app", "x"}, {"tier", "b"}})));
  EXPECT_FALSE(selector->matches(labelled({{"app", "x"}})));
}

TEST(FieldSelector, selects_by_the_fields_of_the_kind) {
  const json pod{{"metadata", {{"name", "p"}, {"namespace", "d"}}}, {"spec", {{"nodeName", "n"}}}};
  const ResourceEntry& pods = entry_of(Storage::pods);
  for (auto [text, expected] : {std::pair{"metadata.name=p", true},
                                {"spec.nodeName!=n", false},
                                {"status.phase=", true},
                                {"metadata.name==p,metadata.namespace=d", true},
                                {"spec.nodeName=other", false}}) {
    const auto selector = FieldSelector::parse(text, pods);
    ASSERT_TRUE(selector.ok()) << text;
    EXPECT_EQ(selector->matches(pod), expected) << text;
  }
}

TEST(FieldSelector, other_fields_are_refused) {
  EXPECT_FALSE(FieldSelector::parse("spec.image=x", entry_of(Storage::troupe_clusters)).ok());
  EXPECT_FALSE(FieldSelector::parse("metadata.namespace=x", entry_of(Storage::nodes)).ok());
  EXPECT_FALSE(FieldSelector::parse("metadata.name", entry_of(Storage::pods)).ok());
}

}  // namespace
}  // namespace troupe::local
