#include "platform/memory_use.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::platform {
namespace {

TEST(MemoryUse, grows_with_what_is_touched) {
  const std::uint64_t before = resident_bytes();
  EXPECT_GT(before, 0U);
  constexpr std::size_t touched = 64U * 1024 * 1024;
  const std::vector<char> block(touched, 1);
  EXPECT_GE(resident_bytes(), before + touched / 2) << block.size();
}

TEST(MemoryUse, is_zero_where_the_kernel_does_not_tell) { EXPECT_EQ(resident_bytes("/nowhere"), 0U); }

}  // namespace
}  // namespace troupe::platform
