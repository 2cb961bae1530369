#include "local/pod_runner/query_string.hpp"

#include <gtest/gtest.h>

namespace troupe::local {
namespace {

TEST(Target, splits_and_decodes_path_and_query) {
  const Target target = parse_target("/exec/ns/p%2F0/c?command=echo&command=a%20b&input=1&tty=false&bad=%zz");
  EXPECT_EQ(target.path, (std::vector<std::string>{"exec", "ns", "p/0", "c"}));
  EXPECT_EQ(target.all("command"), (std::vector<std::string>{"echo", "a b"}));
  EXPECT_TRUE(target.flag("input"));
  EXPECT_FALSE(target.flag("tty"));
  EXPECT_EQ(target.first("bad"), "%zz");
  EXPECT_EQ(target.first("absent"), "");
}

TEST(Target, copes_with_empty_parts) {
  EXPECT_TRUE(parse_target("").path.empty());
  EXPECT_EQ(parse_target("//a//b?").path.size(), 2U);
}

}  // namespace
}  // namespace troupe::local
