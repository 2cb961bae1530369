#include "worker/process/spawn_guard.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(SpawnGuard, holds_at_nine_tenths_of_the_limit) {
  EXPECT_FALSE(hold_spawns(899, 1000, false));
  EXPECT_TRUE(hold_spawns(900, 1000, false));
  EXPECT_TRUE(hold_spawns(2000, 1000, false));
}

TEST(SpawnGuard, goes_on_only_when_clearly_below_again) {
  EXPECT_TRUE(hold_spawns(899, 1000, true));
  EXPECT_TRUE(hold_spawns(850, 1000, true));
  EXPECT_FALSE(hold_spawns(849, 1000, true));
}

TEST(SpawnGuard, without_a_limit_never_holds) {
  EXPECT_FALSE(hold_spawns(1'000'000'000'000, 0, false));
  EXPECT_FALSE(hold_spawns(1'000'000'000'000, 0, true));
}

}  // namespace
}  // namespace troupe
