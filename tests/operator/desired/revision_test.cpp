#include "operator/desired/revision.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;

TEST(Revision, is_pinned_so_that_an_upgrade_of_the_operator_restarts_no_pod) {
  EXPECT_EQ(
      revision_of(json::parse(R"({"image": "troupe-worker:0.1.0", "distribution": {"tls": {"mode": "Disabled"}}})")),
      "ncp445nccr");
}

TEST(Revision, fits_into_names_and_labels) {
  for (int i = 0; i < 100; ++i) {
    const std::string revision = revision_of(json{{"image", i}});
    EXPECT_EQ(revision.size(), 10U);
    EXPECT_EQ(revision.find_first_not_of("bcdfghjklmnpqrstvwxz2456789"), std::string::npos);
  }
}

TEST(Revisions, are_read_back_in_order_and_those_of_others_left_out) {
  const Owner owner{"counter", "shop", "u1"};
  const Owner other{"counter", "shop", "u0"};
  const json second = build_controller_revision(owner, "bbbbbbbbbb", json::object(), 2);
  const json first = build_controller_revision(owner, "cccccccccc", json::object(), 1);
  const json foreign = build_controller_revision(other, "dddddddddd", json::object(), 3);
  json malformed = first;
  malformed["revision"] = "x";
  json empty = first;
  empty.erase("data");
  const auto revisions = read_revisions(owner, {&second, &foreign, &malformed, &first, &empty});
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].hash, "cccccccccc");
  EXPECT_EQ(revisions[1].number, 2);
}

}  // namespace
}  // namespace troupe::desired
