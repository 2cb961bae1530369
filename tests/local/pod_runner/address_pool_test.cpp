#include "local/pod_runner/address_pool.hpp"

#include <gtest/gtest.h>

namespace troupe::local {
namespace {

TEST(AddressPool, gives_an_owner_the_same_address_until_it_is_given_back) {
  auto pool = AddressPool::create("127.77.0.0/16");
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(*pool->take("a"), "127.77.0.2");
  EXPECT_EQ(*pool->take("b"), "127.77.0.3");
  EXPECT_EQ(*pool->take("a"), "127.77.0.2");
}

TEST(AddressPool, uses_an_address_again_only_after_all_others) {
  auto pool = AddressPool::create("127.1.0.0/29");  // .2 to .6
  ASSERT_TRUE(pool.ok());
  const std::string first = *pool->take("a");
  pool->give_back("a");
  for (int i = 0; i < 4; ++i) {
    EXPECT_NE(*pool->take("other" + std::to_string(i)), first);
  }
  EXPECT_EQ(*pool->take("last"), first);
  EXPECT_EQ(pool->take("too many").error().code, ErrorCode::limit_exceeded);
}

TEST(AddressPool, refuses_ranges_that_are_not_loopback) {
  for (const char* bad : {"10.0.0.0/16", "127.0.0.1", "127.0.0.0/31", "127.0.0/16", "", "127.0.0.0/x", "300.0.0.0/8"}) {
    EXPECT_FALSE(AddressPool::create(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace troupe::local
