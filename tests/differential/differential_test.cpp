// The same random programs on Erlang and on Troupe must show the same. TROUPE_SEED=<seed> runs one of them alone,
// TROUPE_NIGHTLY=1 ten thousand.
#include <gtest/gtest.h>

#include <thread>

#include "tests/differential/comparison.hpp"
#include "tests/differential/generator.hpp"
#include "tests/differential/interpreter.hpp"
#include "tests/seeds.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::differential {
namespace {

std::vector<Program> programs(std::uint64_t by_day, std::uint64_t by_night) {
  std::vector<Program> result;
  for (const std::uint64_t seed : test::seeds(by_day, by_night)) {
    result.push_back(generate(seed));
  }
  return result;
}

void expect_no_difference(const std::vector<Program>& programs, const RunOnTroupe& run) {
  if (const auto difference = first_difference(programs, run)) {
    FAIL() << smallest(*difference, run).text();
  }
}

TEST(Programs, show_the_same_on_erlang_and_on_virtual_time) {
  expect_no_difference(programs(300, 10'000),
                       [](const Program& program) { return run_simulated(program, program.seed); });
}

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

TEST(Programs, show_the_same_on_erlang_and_on_real_threads) {
  const SteadyClock clock;
  ThreadedScheduler scheduler(clock, {.threads = 3});
  expect_no_difference(programs(300, 10'000), [&](const Program& program) { return run_threaded(program, scheduler); });
}

/// What a program shows does not depend on who runs first.
TEST(Programs, show_the_same_whatever_the_schedule) {
  for (const Program& program : programs(100, 1'000)) {
    const Settled expected = settled(run_simulated(program, 1));
    for (std::uint64_t schedule = 2; schedule < 12; ++schedule) {
      const Settled shown = settled(run_simulated(program, schedule));
      ASSERT_TRUE(shown == expected) << "seed " << program.seed << ", schedule " << schedule << "\n"
                                     << to_term(program).text() << "\n"
                                     << text(expected) << "or\n"
                                     << text(shown);
    }
  }
}

class PlantedBugs : public ::testing::TestWithParam<std::pair<PlantedBug, const char*>> {};

TEST_P(PlantedBugs, are_found_and_cut_down_to_the_step_that_shows_them) {
  const auto [bug, culprit] = GetParam();
  const auto run = [bug = bug](const Program& program) { return run_simulated(program, program.seed, bug); };
  std::vector<Program> some;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    some.push_back(generate(seed));
  }
  const auto difference = first_difference(some, run);
  ASSERT_TRUE(difference.has_value());
  const Difference least = smallest(*difference, run);
  EXPECT_LE(least.program.ordered.size() + least.program.free.size(), 12u) << least.text();
  EXPECT_NE(least.text().find(culprit), std::string::npos) << least.text();
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, PlantedBugs,
                         ::testing::Values(std::pair(PlantedBug::unlink_forgotten, "{unlink,"),
                                           std::pair(PlantedBug::demonitor_no_flush, "{demonitor,"),
                                           std::pair(PlantedBug::normal_is_a_crash, "{exit,normal}"),
                                           std::pair(PlantedBug::bursts_turned_around, "{send,")));

}  // namespace
}  // namespace troupe::differential
