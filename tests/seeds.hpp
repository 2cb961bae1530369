// The seeds that a simulation tries: few in every run, many with TROUPE_NIGHTLY=1 (scripts/test --nightly), and the one
// that TROUPE_SEED names to see a failure again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// 1 to `by_day` or `by_night`, or the one asked for.
inline std::vector<std::uint64_t> seeds(std::uint64_t by_day, std::uint64_t by_night) {
  if (const char* const asked = std::getenv("TROUPE_SEED")) {
    return {std::strtoull(asked, nullptr, 10)};
  }
  const char* const nightly = std::getenv("TROUPE_NIGHTLY");
  std::vector<std::uint64_t> all(nightly != nullptr && std::string_view(nightly) == "1" ? by_night : by_day);
  std::iota(all.begin(), all.end(), 1);
  return all;
}

/// Calls `body(seed)` until one fails; its failures tell how to replay it alone.
template <class Body>
void for_each_seed(std::uint64_t by_day, std::uint64_t by_night, Body body) {
  for (const std::uint64_t seed : seeds(by_day, by_night)) {
    if (testing::Test::HasFatalFailure()) {
      return;
    }
    SCOPED_TRACE("TROUPE_SEED=" + std::to_string(seed));
    body(seed);
  }
}

/// The same for a simulation `history(seed)` that answers what it saw break: a list of sentences.
template <class History>
void for_each_history(std::uint64_t by_day, std::uint64_t by_night, History history) {
  for_each_seed(by_day, by_night, [&](std::uint64_t seed) {
    const auto broken = history(seed);
    ASSERT_TRUE(broken.empty()) << broken.front();
  });
}

}  // namespace troupe::test
