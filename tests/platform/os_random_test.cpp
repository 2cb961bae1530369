#include "platform/os_random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace troupe::platform {
namespace {

TEST(os_random, does_not_repeat_itself_even_across_threads) {
  std::vector<std::vector<std::uint64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& numbers : drawn) {
    threads.emplace_back([&numbers] {
      for (int i = 0; i < 500; ++i) {
        numbers.push_back(os_random().next());
      }
    });
  }
  std::set<std::uint64_t> distinct;
  for (std::size_t t = 0; t < threads.size(); ++t) {
    threads[t].join();
    distinct.insert(drawn[t].begin(), drawn[t].end());
  }
  EXPECT_EQ(distinct.size(), 2000U);
}

TEST(os_random, sets_every_bit_now_and_then) {
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t number = os_random().next();
    ones |= number;
    zeros |= ~number;
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

}  // namespace
}  // namespace troupe::platform
