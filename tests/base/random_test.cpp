#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace troupe {
namespace {

TEST(SeededRandom, repeats_from_its_seed) {
  SeededRandom first(7);
  SeededRandom second(7);
  SeededRandom other(8);
  const std::uint64_t drawn = first.next();
  EXPECT_EQ(drawn, second.next());
  EXPECT_NE(drawn, other.next());
}

TEST(SeededRandom, matches_the_published_splitmix64_sequence) {
  SeededRandom random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
}

TEST(Random, below_covers_its_range_evenly) {
  SeededRandom random(1);
  std::array<int, 5> seen{};
  for (int i = 0; i < 50'000; ++i) {
    ++seen[random.below(5)];
  }
  for (const int count : seen) {
    EXPECT_NEAR(count, 10'000, 500);
  }
}

TEST(Random, fill_writes_every_byte) {
  SeededRandom random(2);
  std::array<std::byte, 13> bytes{};
  random.fill(bytes);
  int zeros = 0;
  for (const std::byte byte : bytes) {
    zeros += byte == std::byte{0} ? 1 : 0;
  }
  EXPECT_LT(zeros, 3);
}

}  // namespace
}  // namespace troupe
