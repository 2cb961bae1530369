// The test kit (troupe/test.hpp) as a fixture of GoogleTest, which the including program links.
//
//   class CounterTest : public troupe::test::Test {};
//   TEST_F(CounterTest, counts) { const troupe::Pid counter = kit.start_supervised<Counter>(); ... }
//
//   TEST(Transfer, never_loses_money) {
//     troupe::test::for_each_interleaving(200, [](troupe::test::TestKit& kit) { ... });
//   }
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "troupe/test.hpp"

namespace troupe::test {

/// A kit for each test. One that fails prints the seed and what was logged.
class Test : public ::testing::Test {
 protected:
  ~Test() override {
    if (HasFailure()) {
      std::cerr << kit.replay_hint() << std::endl;
    }
  }

  TestKit kit;
};

/// Calls `body` with a fresh kit for each seed from 1 to `count`, or only for TROUPE_SEED; stops at the first failure.
template <class Body>
void for_each_interleaving(std::uint64_t count, Body body) {
  const bool replay = std::getenv("TROUPE_SEED") != nullptr;
  const std::uint64_t first = replay ? seed_to_use() : 1;
  const std::uint64_t last = replay ? first : count;
  for (std::uint64_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("TROUPE_SEED=" + std::to_string(seed));
    TestKit kit(seed);
    body(kit);
  }
}

}  // namespace troupe::test
