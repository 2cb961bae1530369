#include "worker/node/admin.hpp"

#include <gtest/gtest.h>

namespace troupe::node {
namespace {

TEST(Admin, questions_survive_the_way_through_the_socket) {
  const std::vector<std::string> words = {"call", "counter", "{add, 1}", ""};
  EXPECT_EQ(split_question(join_question(words)), words);
  EXPECT_TRUE(split_question("").empty());
}

}  // namespace
}  // namespace troupe::node
